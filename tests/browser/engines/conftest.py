"""A device in each engine, and a connection to the program that a test can cut."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.engines.connection import Connection
from tests.browser.engines.devices import ENGINES, Device, screen
from tests.support.extent import FULL
from tests.support.running import Running


@pytest.fixture(scope="session", params=ENGINES if FULL else ["webkit"])
def engine(request: pytest.FixtureRequest) -> Iterator[type[Device]]:
    """The engine of a test: the one that differs most from Chromium, which all other tests use, or each one.

    WebKit has a screen.
    """
    engine = ENGINES[request.param]
    if reason := engine.missing():
        pytest.skip(reason)
    if request.param != "webkit":
        yield engine
        return
    with screen() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("DISPLAY", name)
        yield engine


@pytest.fixture
def connection(program: Running) -> Iterator[Connection]:
    connection = Connection(program.port)
    yield connection
    connection.cut()


@pytest.fixture
def new_device(engine: type[Device], tmp_path: Path) -> Iterator[Callable[[], Device]]:
    """Creates devices, which a test may kill."""
    devices: list[Device] = []

    def make() -> Device:
        device = engine(tmp_path / "profile")
        devices.append(device)
        device.start()
        return device

    yield make
    for device in devices:
        device.close()


@pytest.fixture(scope="session")
def shared_device(engine: type[Device], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Device]:
    device = engine(tmp_path_factory.mktemp("shared"))
    try:
        device.start()
        yield device
    finally:
        device.close()


@pytest.fixture
def device(shared_device: Device) -> Iterator[Device]:
    """A device that tests share. Each test has another origin, so the device has no session and no data."""
    yield shared_device
    shared_device.close_other_tabs()
    shared_device.forget_cookies()
    shared_device.open("about:blank")

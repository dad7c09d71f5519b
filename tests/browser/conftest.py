"""Fixtures: the program with an S3 server on another origin, and browsers with phone and desktop screens."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Playwright, sync_playwright

from api.app import create_app
from api.settings import Settings
from tests.browser.phone import Phone
from tests.journeys.score_history import History, build
from tests.support import servers
from tests.support.running import Running, running
from tests.support.world import World

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The suggestions of the address bar run as a page of their own for each tab and use half of the CPU time.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,OptimizationHints,MediaRouter",
]
SCREEN: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "locale": "en-GB",
    "timezone_id": "Europe/London",
}


def chromium(playwright: Playwright) -> str:
    """Return the path of Chromium: from CHROMIUM, the system, or Playwright, which installs it if needed."""
    named = [
        os.environ.get("CHROMIUM"),
        # The shell has no interface for people, and takes a third less time.
        *map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")),
    ]
    own = playwright.chromium.executable_path
    for path in (*named, own):
        if path and Path(path).exists():
            return path
    install = [sys.executable, "-m", "playwright", "install", "chromium"]
    done = subprocess.run(install, capture_output=True, text=True)
    if done.returncode == 0 and Path(own).exists():
        return own
    pytest.skip(
        "Chromium is missing, and `playwright install chromium` could not install it. "
        "Install your system's package (`make browsers` does on Debian), or set CHROMIUM to its path. "
        f"Playwright reported:\n{done.stderr[-500:]}"
    )


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def launch(playwright: Playwright) -> dict[str, Any]:
    """Options to start the browser with."""
    return {"executable_path": chromium(playwright), "args": FLAGS}


@pytest.fixture(scope="session")
def browser(playwright: Playwright, launch: dict[str, Any]) -> Iterator[Browser]:
    browser = playwright.chromium.launch(**launch)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, s3_server: servers.S3) -> dict[str, str]:
    return {
        "DATA_DIR": str(tmp_path_factory.mktemp("program")),
        "DEMO": "0",
        "ACCEPT_EVERY_MINUTES": "0",
        "API_RATE_LIMIT": "1000000",
        "PHOTO_BUCKET": s3_server.new_bucket(),
        "PHOTO_ENDPOINT_URL": s3_server.endpoint_url,
        **s3_server.environment,
    }


@pytest.fixture(scope="session")
def program(settings: dict[str, str]) -> Iterator[Running]:
    with running(Path(settings["DATA_DIR"]), **settings) as started:
        yield started


@contextmanager
def new_world(settings: dict[str, str]) -> Iterator[World]:
    """Create an app on the database of the running program, and an organization in it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        app = create_app(Settings.from_environment(settings))
        yield World(app)
        app.extensions["survey"].database.close()


@pytest.fixture(scope="session")
def app(program: Running, settings: dict[str, str]) -> Iterator[Flask]:
    """An app on the database of the running program, in which tests create organizations."""
    with new_world(settings) as world:
        yield world.app


@pytest.fixture(scope="session")
def history(app: Flask) -> History:
    """An organization with the history of ``score_history``, which tests only read."""
    return build(World(app))


@pytest.fixture
def new_phone(browser: Browser, program: Running) -> Iterator[Callable[..., Phone]]:
    """Create phones, each without any stored data."""
    contexts = []

    def make(**options: Any) -> Phone:
        context = browser.new_context(**{"base_url": program.base, **SCREEN, **options})
        contexts.append(context)
        return Phone(context)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def phone(new_phone: Callable[..., Phone]) -> Phone:
    return new_phone()


@pytest.fixture
def new_desk(new_phone: Callable[..., Phone]) -> Callable[..., Phone]:
    """Create browsers with a keyboard and a mouse."""

    def make(width: int = 1440, **options: Any) -> Phone:
        viewport = {"width": width, "height": 900}
        return new_phone(viewport=viewport, has_touch=False, is_mobile=False, **options)

    return make


@pytest.fixture
def desk(new_desk: Callable[..., Phone]) -> Phone:
    return new_desk()

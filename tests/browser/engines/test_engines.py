"""The form in Chromium, Firefox and WebKit: no data is lost, and everything is sent once."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.browser.engines.connection import Connection
from tests.browser.engines.devices import ENTER, Device, until
from tests.browser.phone import READY
from tests.support.pictures import jpeg
from tests.support.world import PASSWORD, World, ok

SUBMIT = "[data-testid=submit]"
SAVED = "[data-testid=save-state][data-state=saved]"
OFFLINE_READY = "[data-testid=offline-ready][data-state=yes]"
ITEM = "[data-testid=queue-item]"


class Shopper:
    """A shopper who uses the form on a device."""

    def __init__(self, device: Device, connection: Connection, world: World) -> None:
        self.device, self.base, self.world = device, connection.base, world

    def sign_in(self) -> None:
        """Sign in, and wait until everything was downloaded for working offline."""
        self.device.open(self.base)
        self.enter_credentials()
        self.device.see(OFFLINE_READY)

    def enter_credentials(self) -> None:
        person = self.world.shopper
        assert person.email
        self.device.type("[name=email]", person.email)
        self.device.type("[name=password]", PASSWORD + ENTER)

    def choose_visit(self, visit: Any) -> None:
        """Open a visit from the list."""
        self.device.click(f"a[data-testid=visit][data-visit='{visit['id']}']")
        self.device.see(READY)

    def open_visit(self, visit: Any) -> None:
        """Open a visit by its address."""
        self.device.open(f"{self.base}/visits/{visit['id']}")

    def choose(self, question: str, value: str) -> None:
        self.device.click(f"[data-question={question}] input[value={value}]")

    def answer(self, visit: Any) -> None:
        """Open a visit from the list and answer all required questions."""
        self.choose_visit(visit)
        self.choose("greeting", "yes")
        self.device.type("[data-question=wait] input", "20")
        self.choose("thanks", "yes")
        self.choose("problem", "no")
        self.device.see(SAVED)

    def take_photo(self, file: Path, width: int) -> None:
        """Attach a photo, and wait until it has its final size."""
        self.device.attach("[data-question=greeting] input[type=file]", file)
        self.see_photo(width)
        self.device.see(SAVED)

    def see_photo(self, width: int) -> None:
        self.device.see("[data-question=greeting] img")
        script = (
            "return document.querySelector('[data-question=greeting] img')?.naturalWidth === arguments[0]"
        )
        self.device.wait_until(script, width)

    def value(self, question: str) -> Any:
        script = "return document.querySelector(arguments[0]).value"
        return self.device.run(
            script, f"[data-question={question}] :is(input:checked, input[type=number], textarea)"
        )

    def send(self) -> None:
        self.device.see(SAVED)
        self.device.click(SUBMIT)

    def see_items(self, state: str, count: int = 1) -> None:
        """Wait until the queue has this number of items, all in this state."""
        self.device.see(f"{ITEM}[data-state={state}]", count)
        self.device.see(ITEM, count)


@pytest.fixture
def shopper(device: Device, connection: Connection, world: World) -> Shopper:
    return Shopper(device, connection, world)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    return path


def fetch_visit(world: World, visit: Any) -> Any:
    """Return a visit from the server."""
    return ok(world.admin.get(f"/visits/{visit['id']}"))


def count_stored_photos(world: World, visit: Any) -> int:
    return int(fetch_visit(world, visit)["photos"]["stored"])


def test_a_visit_answered_offline_is_sent_later(
    shopper: Shopper, connection: Connection, world: World
) -> None:
    visit = world.visit()
    shopper.sign_in()
    connection.cut()
    shopper.device.open(shopper.base)
    shopper.answer(visit)
    shopper.send()
    shopper.see_items("waiting")
    connection.restore()
    shopper.see_items("sent")
    shopper.device.see(".receipt")
    assert fetch_visit(world, visit)["revision"] == 1


@pytest.mark.full
def test_a_photo_is_made_smaller_and_sent(shopper: Shopper, world: World, photo: Path) -> None:
    visit = world.visit()
    photo.write_bytes(jpeg(3200, 2400))
    shopper.sign_in()
    shopper.answer(visit)
    shopper.take_photo(photo, 2560)
    shopper.send()
    shopper.see_items("sent", 2)
    assert count_stored_photos(world, visit) == 1


@pytest.mark.full
def test_several_visits_in_the_queue_are_sent(shopper: Shopper, connection: Connection, world: World) -> None:
    visits = [world.visit(location=world.new_location()) for _ in range(2)]
    shopper.sign_in()
    connection.cut()
    for visit in visits:
        shopper.answer(visit)
        shopper.send()
        shopper.see_items("waiting")
        shopper.device.click("a.back")
    shopper.see_items("waiting", 2)
    connection.restore()
    shopper.see_items("sent", 2)
    assert [fetch_visit(world, visit)["revision"] for visit in visits] == [1, 1]


@pytest.mark.full
def test_two_tabs_take_over_from_each_other(shopper: Shopper, world: World) -> None:
    visit = world.visit()
    device = shopper.device
    shopper.sign_in()
    shopper.answer(visit)
    first, second = device.tabs()[0], device.new_tab()
    shopper.open_visit(visit)
    device.see_text("open in another tab")
    device.see("[data-question=greeting] input[value=no]:disabled")
    device.click(".notice button")
    device.see(READY)
    shopper.choose("greeting", "no")
    shopper.choose("greeting", "yes")
    device.see(SAVED)
    device.switch_to(first)
    device.see_text("open in another tab")
    device.click(".notice button")
    device.see(READY)
    shopper.send()
    shopper.see_items("sent")
    device.switch_to(second)
    shopper.see_items("sent")
    device.see(f"{SUBMIT}:enabled", 0)
    assert fetch_visit(world, visit)["revision"] == 1


def test_a_killed_browser_loses_no_saved_data_and_sends_it_after_a_restart(
    new_device: Callable[[], Device], connection: Connection, world: World, photo: Path
) -> None:
    visit = world.visit()
    shopper = Shopper(new_device(), connection, world)
    shopper.sign_in()
    shopper.answer(visit)
    shopper.device.type("[data-question=story] textarea", "A long story.")
    shopper.take_photo(photo, 640)
    shopper.device.kill()
    connection.cut()
    shopper.device.start()
    shopper.open_visit(visit)
    shopper.device.see(READY)
    values = {key: shopper.value(key) for key in ("greeting", "wait", "thanks", "problem", "story")}
    assert values == {
        "greeting": "yes",
        "wait": "20",
        "thanks": "yes",
        "problem": "no",
        "story": "A long story.",
    }
    shopper.see_photo(640)
    shopper.send()
    shopper.see_items("waiting", 2)
    # A kill can lose the cookies of the last half minute in Chromium and Firefox.
    shopper.device.forget_cookies()
    shopper.device.close()
    connection.restore()
    shopper.device.start()
    shopper.device.open(shopper.base)
    shopper.device.click(".notice button")
    shopper.enter_credentials()
    until(lambda: count_stored_photos(world, visit) == 1, "the photo is stored")
    assert fetch_visit(world, visit)["revision"] == 1

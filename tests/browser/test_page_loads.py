"""How pages load on a slow phone line, without a clock: the rounds of requests, and what moves."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, Request, Route

from tests.browser.phone import Phone
from tests.browser.test_dashboard import MOVED
from tests.journeys.test_disputes import POOR, dispute
from tests.support.pictures import jpeg
from tests.support.world import ALL_WELL, World, ok

#: The HTML is a round of its own. On slow 4G, a round takes 0.6 seconds. Pages of staff are to be ready after
#: 2.4 seconds, and the form after 2.
MAX_ROUNDS, MAX_ROUNDS_OF_FORM = 3, 2
#: as browsers do over HTTP/1.1
AT_A_TIME = 6
#: how long a page requests nothing more, in milliseconds, until the responses of a round arrive
QUIET = 200
#: the calls that the scripts of a page make
WATCH_CALLS = """window.calls = [];
const send = window.fetch;
window.fetch = (address, options) => (window.calls.push(address), send(address, options));"""
PRELOADS, READ_ADDRESSES = "link[rel=preload]", "links => links.map((link) => link.getAttribute('href'))"
SCREENS = {
    "manager": (
        "",
        "/locations",
        "/locations/{location}",
        "/regions/{region}",
        "/map",
        "/sections",
        "/sections?by=fundamental",
        "/questions",
        "/comments",
        "/photos",
        "/disputes",
        "/account",
        "/visits/{accepted}",
    ),
    "reviewer": ("/reviews", "/disputes", "/payments", "/visits/{accepted}", "/visits/{waiting}"),
    "admin": (
        "/payments",
        "/admin",
        "/admin/places",
        "/admin/people",
        "/admin/visits",
        "/admin/assign",
        "/admin/plan",
        "/admin/targets",
        "/admin/checklists",
        "/admin/settings",
        "/admin/import",
        "/admin/audit",
        "/admin/api",
        "/admin/webhooks",
        "/admin/checklists/visit",
    ),
}


@pytest.fixture(scope="module")
def programme(app: Flask) -> tuple[World, dict[str, Any]]:
    """A programme of demo data, with what each page shows, and the IDs of its places and visits."""
    world = World(app, f"{uuid.uuid4()} (demo data)")
    world.pay()
    world.target()
    world.quota()
    photographed = world.visit(world.shopper)
    photo_id = world.photo(photographed, jpeg(), world.shopper)
    answers = {**ALL_WELL, "greeting": {"value": "yes", "comment": "Kind.", "photos": [photo_id]}}
    ok(world.send(photographed, world.submission(answers)), 201)
    accepted = world.accepted_visit(POOR)
    ok(dispute(world, accepted, "greeting"), 201)
    waiting = world.late_visit()
    ids = {
        "open": world.visit(world.shopper)["id"],
        "location": world.location["id"],
        "region": world.region["id"],
        "accepted": accepted["id"],
        "waiting": waiting["id"],
    }
    return world, ids


class SlowLine:
    """A line on which responses arrive in rounds, six at a time. Pictures do not count."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._held: list[Route] = []
        self._finished: list[Request] = []
        self.requests: list[str] = []
        self.rounds = 1
        page.on("requestfinished", lambda request: self._finished.append(request))
        page.route("**/*", self._hold)

    def _hold(self, route: Route) -> None:
        if route.request.is_navigation_request() or route.request.resource_type in ("image", "other"):
            return route.continue_()
        self.requests.append(route.request.url)
        self._held.append(route)
        return None

    def open(self, address: str) -> None:
        """Open a page, and count the rounds until it is ready."""
        self._page.goto(address, wait_until="commit")
        self._wait_until_quiet()
        while not self._page.locator("main[data-state=ready], html[data-ready]").count():
            batch, self._held = self._held[:AT_A_TIME], self._held[AT_A_TIME:]
            self.rounds += bool(batch)
            for route in batch:
                route.continue_()
            while not {route.request for route in batch} <= {*self._finished}:
                self._page.wait_for_timeout(10)
            self._wait_until_quiet()
        for route in self._held:
            route.continue_()
        self._page.unroute("**/*")

    def _wait_until_quiet(self) -> None:
        known = -1
        while known != len(self.requests):
            known = len(self.requests)
            self._page.wait_for_timeout(QUIET)


@pytest.mark.parametrize(
    ("role", "screen"), [(role, screen) for role, screens in SCREENS.items() for screen in screens]
)
def test_page_is_ready_after_three_rounds_and_nothing_moves(
    new_phone: Callable[..., Phone], programme: tuple[World, dict[str, Any]], role: str, screen: str
) -> None:
    world, ids = programme
    phone = new_phone()
    phone.sign_in(getattr(world, role), "/api/v1/health/live")
    page = phone.page
    page.add_init_script(MOVED)
    page.add_init_script(WATCH_CALLS)
    line = SlowLine(page)
    line.open(f"/dashboard{screen}".format(**ids))
    assert line.rounds <= MAX_ROUNDS, line.requests
    assert len(line.requests) == len({*line.requests}), "nothing is requested twice"
    # What is preloaded is what the scripts need. The last calls are made once the screen is drawn.
    preloaded = page.eval_on_selector_all(PRELOADS, READ_ADDRESSES)
    assert len(preloaded) > 1 or screen == "/admin/import"
    page.wait_for_timeout(QUIET)
    assert {*preloaded} <= {*page.evaluate("window.calls")}
    assert page.evaluate("window.moved") == 0
    assert phone.errors == []


def test_form_is_ready_after_two_rounds(
    new_phone: Callable[..., Phone], programme: tuple[World, dict[str, Any]]
) -> None:
    world, ids = programme
    phone = new_phone(service_workers="block")
    phone.sign_in(world.shopper, "/api/v1/health/live")
    phone.page.add_init_script(WATCH_CALLS)
    line = SlowLine(phone.page)
    line.open("/visits/{open}".format(**ids))
    assert line.rounds <= MAX_ROUNDS_OF_FORM, line.requests
    preloaded = phone.page.eval_on_selector_all(PRELOADS, READ_ADDRESSES)
    assert preloaded
    assert {*preloaded} <= {*phone.page.evaluate("window.calls")}

"""A shopper's phone: what he does with the form, by the attributes that the contract names."""

import json
import uuid
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.support.pictures import jpeg
from tests.support.world import PASSWORD, Caller

SECONDS = 15_000
READY = "html[data-ready='1']"
expect.set_options(timeout=SECONDS)


class Phone:
    """One browser, and its first tab."""

    def __init__(self, context: BrowserContext) -> None:
        context.set_default_timeout(SECONDS)
        self.context = context
        self.errors: list[str] = []
        self.page = self.new_tab()

    def new_tab(self) -> Page:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def sign_in(self, person: Caller, address: str = "/") -> None:
        """Sign in where the form asks for it, until the list or the visit is there."""
        self.page.goto(address)
        self.give_password(person)

    def give_password(self, person: Caller) -> None:
        assert person.email
        self.page.fill("[name=email]", person.email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")

    def open(self, visit: Any) -> None:
        """Open a visit from the list."""
        self.page.click(f"a[data-testid=visit][data-visit='{visit['id']}']")
        self.page.wait_for_selector(READY)

    def begin(self, person: Caller, visit: Any) -> None:
        """Sign in and open a visit, when all is there to go on without a signal."""
        self.sign_in(person)
        self.offline_ready()
        self.open(visit)

    def offline_ready(self, page: Page | None = None) -> None:
        (page or self.page).wait_for_selector("[data-testid=offline-ready][data-state=yes]")

    def question(self, key: str) -> Any:
        return self.page.locator(f"[data-question='{key}']")

    def choose(self, key: str, value: str) -> None:
        self.question(key).locator(f"input[value='{value}']").check()

    def write(self, key: str, text: str) -> None:
        self.question(key).locator("input, textarea").first.fill(text)

    def all_well(self) -> None:
        """Answer all that `world.CHECKLIST` asks for."""
        self.choose("greeting", "yes")
        self.all_well_but_greeting()

    def all_well_but_greeting(self) -> None:
        self.write("wait", "20")
        self.choose("thanks", "yes")
        self.choose("problem", "no")

    def take_photo(self, key: str, data: bytes | None = None, name: str = "photo.jpg") -> None:
        data = data or jpeg(seed=uuid.uuid4().int % 2**31)
        photos = self.question(key).locator(".photos li")
        before = photos.count()
        file = {"name": name, "mimeType": "", "buffer": data}
        self.question(key).locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
        expect(photos).to_have_count(before + 1)
        expect(self.question(key).get_by_text("Making it smaller")).to_have_count(0)

    def saved(self) -> None:
        self.page.wait_for_selector("[data-testid=save-state][data-state=saved]")

    def send(self) -> None:
        self.saved()
        self.page.click("[data-testid=submit]")

    def wait_for(self, state: str, count: int = 1, page: Page | None = None) -> None:
        """Wait until so many items of the queue are in a state."""
        items = (page or self.page).locator(f"[data-testid=queue-item][data-state={state}]")
        expect(items).to_have_count(count)

    def wait_until_received(self) -> None:
        """Wait until the page says that nothing is left to do."""
        expect(self.page.locator(".outcome.done")).to_be_visible()
        expect(self.page.locator("[data-testid=queue-item]:not([data-state=sent])")).to_have_count(0)


class Spy:
    """Notes every request of a kind, and answers the first ones otherwise."""

    def __init__(self, phone: Phone, method: str, address: Any, *faults: Any) -> None:
        self.requests: list[Request] = []
        self._method, self._faults = method, list(faults)
        phone.context.route(address, self._handle)

    def _handle(self, route: Route) -> None:
        if route.request.method != self._method:
            return route.fallback()
        self.requests.append(route.request)
        fault = self._faults.pop(0) if self._faults else None
        return fault(route) if fault else route.fallback()

    def bodies(self) -> list[Any]:
        return [json.loads(request.post_data or "null") for request in self.requests]


def cut(route: Route) -> None:
    """The connection breaks before anything arrives."""
    route.abort("connectionreset")


def lose_answer(route: Route) -> None:
    """The server does its work, but its answer is lost."""
    route.fetch()
    route.abort("connectionreset")


def answer(status: int, body: str = "", **headers: str) -> Any:
    """Something on the way answers in the server's place."""
    return lambda route: route.fulfill(status=status, headers=headers, body=body)

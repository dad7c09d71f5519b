"""The phone of a shopper. It finds the elements of the form by the attributes that are fixed for tests."""

import json
import uuid
from typing import Any

from playwright.sync_api import BrowserContext, Page, Request, Route, expect

from tests.support.pictures import jpeg
from tests.support.world import API, PASSWORD, Caller

SECONDS = 30_000  # only a failure takes as long
READY = "html[data-ready='1']"
#: Makes the browser block the settings of the page.
DENY_SETTINGS = (
    "Object.defineProperty(window, 'localStorage', "
    "{ get() { throw new DOMException('denied', 'SecurityError'); } })"
)
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
        """Sign in without the form, which takes half the time of a short test, and open an address."""
        credentials = {"email": person.email, "password": PASSWORD, "cookies": True}
        response = self.context.request.post(f"{API}/auth/login", data=credentials)
        assert response.status == 204, response.text()
        self.page.goto(address)

    def enter_credentials(self, person: Caller) -> None:
        """Sign in with the form that the page shows."""
        assert person.email
        self.page.fill("[name=email]", person.email)
        self.page.fill("[name=password]", PASSWORD)
        self.page.press("[name=password]", "Enter")

    def open(self, visit: Any) -> None:
        """Open a visit from the list."""
        self.page.click(f"a[data-testid=visit][data-visit='{visit['id']}']")
        self.page.wait_for_selector(READY)

    def start_visit(self, person: Caller, visit: Any) -> None:
        """Sign in and open a visit, after everything was downloaded for working offline."""
        self.sign_in(person)
        self.wait_until_offline_ready()
        self.open(visit)

    def wait_until_offline_ready(self, page: Page | None = None) -> None:
        (page or self.page).wait_for_selector("[data-testid=offline-ready][data-state=yes]")

    def question(self, key: str) -> Any:
        return self.page.locator(f"[data-question='{key}']")

    def choose(self, key: str, value: str) -> None:
        self.question(key).locator(f"input[value='{value}']").check()

    def type_text(self, key: str, text: str) -> None:
        self.question(key).locator("input, textarea").first.fill(text)

    def answer_all_required(self) -> None:
        """Answer all required questions of `world.CHECKLIST`."""
        self.choose("greeting", "yes")
        self.answer_all_required_except_greeting()

    def answer_all_required_except_greeting(self) -> None:
        self.type_text("wait", "20")
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

    def wait_until_saved(self) -> None:
        self.page.wait_for_selector("[data-testid=save-state][data-state=saved]")

    def send(self) -> None:
        self.wait_until_saved()
        self.page.click("[data-testid=submit]")

    def wait_for(self, state: str, count: int = 1, page: Page | None = None) -> None:
        """Wait until this number of items in the queue has a state."""
        items = (page or self.page).locator(f"[data-testid=queue-item][data-state={state}]")
        expect(items).to_have_count(count)

    def wait_until_received(self) -> None:
        """Wait until the page shows that everything is sent."""
        expect(self.page.locator(".outcome.done")).to_be_visible()
        expect(self.page.locator("[data-testid=queue-item]:not([data-state=sent])")).to_have_count(0)


class Spy:
    """Records the requests with a method and an address. The handlers respond to the first ones."""

    def __init__(self, phone: Phone, method: str, address: Any, *handlers: Any) -> None:
        self.requests: list[Request] = []
        self._method, self._handlers = method, list(handlers)
        phone.context.route(address, self._handle)

    def _handle(self, route: Route) -> None:
        if route.request.method != self._method:
            return route.fallback()
        self.requests.append(route.request)
        handle = self._handlers.pop(0) if self._handlers else None
        return handle(route) if handle else route.fallback()

    def bodies(self) -> list[Any]:
        return [json.loads(request.post_data or "null") for request in self.requests]


def cut(route: Route) -> None:
    """Break the connection before the request arrives."""
    route.abort("connectionreset")


def lose_response(route: Route) -> None:
    """Let the server process the request, and lose its response."""
    route.fetch()
    route.abort("connectionreset")


def respond(status: int, body: str = "", **headers: str) -> Any:
    """Return a handler that responds instead of the server."""
    return lambda route: route.fulfill(status=status, headers=headers, body=body)

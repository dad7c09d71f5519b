"""The pages on a slow phone line, with the demo data: ``python -m tests.benchmarks.pages``.

Each page is opened with an empty cache by a signed-in user, in Chromium with the CPU slowed to a quarter and
what Lighthouse calls slow 4G. ``PAGES_ONLY=reviews,visit`` measures some pages only, ``PAGES_RUNS`` sets the
number of runs, ``PAGES_AT`` is the address of a demo that already runs, and ``PAGES_TRACE=1`` lists the
requests of each run. Prints medians.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from tests.browser.conftest import FLAGS, SCREEN, chromium
from tests.support.running import running

PASSWORD = "demo-harbour-stores"
API = "/api/v1"
RUNS = int(os.environ.get("PAGES_RUNS", "3"))
#: until a response begins, in milliseconds, and bytes per second
SLOW_4G = {"offline": False, "latency": 562.5, "downloadThroughput": 184_320, "uploadThroughput": 86_400}
SLOW_CPU, FAST_CPU = 4, 1
#: the most milliseconds until a page is ready
PATIENCE = 60_000
#: how long nothing is requested, in milliseconds, until a page counts as complete
QUIET = 1500
#: Notes when the page is ready: the first task after the frame that shows it.
WATCH = """
window.figures = { ready: null, shift: 0 };
const watch = new MutationObserver(() => {
  if (!document.querySelector("html[data-ready], main[data-state=ready]")) return;
  watch.disconnect();
  requestAnimationFrame(() => setTimeout(() => {
    figures.ready = performance.now();
    document.documentElement.dataset.measured = "1";
  }));
});
watch.observe(document, { subtree: true, childList: true, attributes: true });
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (figures.shift += value)))
  .observe({ type: "layout-shift", buffered: true });
"""
REQUESTS = """() => ["navigation", "resource"]
  .flatMap((type) => performance.getEntriesByType(type))
  .map(({ name, initiatorType, requestStart, responseEnd, encodedBodySize }) => ({
    path: name.replace(location.origin, ""),
    isPicture: initiatorType === "img" || /icon/.test(name),
    sent: requestStart, received: responseEnd, bytes: encodedBodySize,
  }))
  .sort((one, other) => one.sent - other.sent)"""
MANAGER, REVIEWER, ADMIN, SHOPPER = "manager-spain", "reviewer", "admin", "shopper-1"
#: name → the user and the address of the page; "" is the first page of an area
STAFF = {
    **{
        name or "overview": (MANAGER, f"/dashboard/{name}".rstrip("/"))
        for name in (
            "",
            "locations",
            "map",
            "sections",
            "questions",
            "comments",
            "photos",
            "disputes",
            "account",
        )
    },
    **{
        f"{name} (reviewer)": (REVIEWER, f"/dashboard/{name}") for name in ("reviews", "disputes", "payments")
    },
    "payments (administrator)": (ADMIN, "/dashboard/payments"),
    **{
        f"admin/{name}".rstrip("/"): (ADMIN, f"/dashboard/admin/{name}".rstrip("/"))
        for name in (
            "",
            "places",
            "people",
            "visits",
            "assign",
            "plan",
            "targets",
            "checklists",
            "settings",
            "import",
            "audit",
            "api",
            "webhooks",
        )
    },
}


@dataclass(frozen=True, slots=True)
class Load:
    """One opening of a page: times in milliseconds, and bytes as they were sent, without pictures.

    ``rounds`` counts the requests until the page is ready that had to wait for another one.
    """

    ready: float
    complete: float
    rounds: int
    code_bytes: int
    data_bytes: int
    shift: float


class Visitor:
    """A signed-in user."""

    def __init__(self, browser: Browser, base: str, name: str) -> None:
        self.context = browser.new_context(base_url=base, **SCREEN)
        credentials = {"email": f"demo-{name}@example.com", "password": PASSWORD, "cookies": True}
        response = self.context.request.post(f"{API}/auth/login", data=credentials)
        assert response.status == 204, response.text()

    def read(self, path: str) -> Any:
        """Return the items of a list of the API."""
        response = self.context.request.get(API + path)
        assert response.ok, response.text()
        return response.json()["items"]

    def open_slowly(self, address: str) -> Load:
        """Open a page with an empty cache on a slow line, until it is complete."""
        page, session = self._new_tab()
        session.send("Network.enable")
        session.send("Network.clearBrowserCache")
        session.send("Network.emulateNetworkConditions", SLOW_4G)
        ready, shift = _open(page, session, address)
        count = 0
        while (now := len(page.evaluate(REQUESTS))) > count:
            count = now
            page.wait_for_timeout(QUIET)
        load = _summarize(page.evaluate(REQUESTS), ready, shift)
        page.close()
        return load

    def open_offline(self, address: str) -> float:
        """Open a page of the form again without a line; return the milliseconds until it is ready."""
        page, session = self._new_tab()
        page.goto(address)
        page.wait_for_selector("[data-testid=offline-ready][data-state=yes]")
        page.close()
        page, session = self._new_tab()
        self.context.set_offline(True)
        ready, _ = _open(page, session, address)
        self.context.set_offline(False)
        page.close()
        return ready

    def _new_tab(self) -> tuple[Page, CDPSession]:
        page = self.context.new_page()
        page.add_init_script(WATCH)
        return page, self.context.new_cdp_session(page)


def _open(page: Page, session: CDPSession, address: str) -> tuple[float, float]:
    """Open a page with a slow CPU; return the milliseconds until it is ready, and its layout shift."""
    session.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_CPU})
    page.goto(address, wait_until="commit", timeout=PATIENCE)
    page.wait_for_selector("html[data-measured]", timeout=PATIENCE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": FAST_CPU})
    figures = page.evaluate("figures")
    return figures["ready"], figures["shift"]


def _summarize(requests: list[dict[str, Any]], ready: float, shift: float) -> Load:
    needed = [request for request in requests if not request["isPicture"]]
    rounds: list[int] = []
    for request in needed:
        earlier = zip(needed, rounds, strict=False)
        rounds.append(1 + max((n for other, n in earlier if other["received"] <= request["sent"]), default=0))
    if "PAGES_TRACE" in os.environ:
        for request, number in zip(needed, rounds, strict=True):
            times = f"{request['sent']:6.0f} {request['received']:6.0f}"
            print(f"{number} {times} {request['bytes']:7} {request['path'][:120]}")
    code = sum(request["bytes"] for request in needed if not request["path"].startswith(API))
    return Load(
        ready=ready,
        complete=max(ready, *(request["received"] for request in needed)),
        rounds=max(n for request, n in zip(needed, rounds, strict=True) if request["received"] <= ready),
        code_bytes=code,
        data_bytes=sum(request["bytes"] for request in needed) - code,
        shift=shift,
    )


@contextmanager
def _demo() -> Iterator[str]:
    """Yield the address of a demo."""
    if address := os.environ.get("PAGES_AT"):
        yield address
        return
    with tempfile.TemporaryDirectory() as folder, running(Path(folder), DEMO="1") as program:
        yield program.base


def main() -> None:
    """Measure, and print a table."""
    with _demo() as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=FLAGS)

        @cache
        def visitor(name: str) -> Visitor:
            return Visitor(browser, base, name)

        location = visitor(MANAGER).read("/locations?limit=1")[0]["id"]
        region = visitor(MANAGER).read("/regions?limit=1")[0]["id"]
        accepted = visitor(MANAGER).read("/visits?status=accepted&limit=1")[0]["id"]
        waiting = visitor(REVIEWER).read("/reviews?limit=1")[0]["visit_id"]
        key = visitor(ADMIN).read("/checklists?limit=1")[0]["key"]
        open_visit = visitor(SHOPPER).read("/visits?status=assigned&limit=1")[0]["id"]
        pages = {
            **STAFF,
            "location": (MANAGER, f"/dashboard/locations/{location}"),
            "region": (MANAGER, f"/dashboard/regions/{region}"),
            "visit": (MANAGER, f"/dashboard/visits/{accepted}"),
            "visit (reviewer)": (REVIEWER, f"/dashboard/visits/{accepted}"),
            "waiting visit (reviewer)": (REVIEWER, f"/dashboard/visits/{waiting}"),
            "editor": (ADMIN, f"/dashboard/admin/checklists/{key}"),
        }
        only = os.environ.get("PAGES_ONLY", ",".join((*pages, "form"))).split(",")
        print("| Page | Ready | Complete | Rounds | HTML and scripts | Data | Layout shift |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        for name in only:
            if name != "form":
                person, address = pages[name]
                print(_row(name, [visitor(person).open_slowly(address) for _ in range(RUNS)]), flush=True)
        if "form" in only:
            _measure_form(browser, base, f"/visits/{open_visit}")
        browser.close()


def _measure_form(browser: Browser, base: str, address: str) -> None:
    """Measure the shopper's form, each time in a browser without its service worker."""
    shoppers = [Visitor(browser, base, SHOPPER) for _ in range(RUNS)]
    print(_row("form", [shopper.open_slowly(address) for shopper in shoppers]))
    again = median(shopper.open_offline(address) for shopper in shoppers for _ in range(RUNS))
    print(f"| form, offline again | {again / 1000:.2f} s | | | | | |")


def _row(name: str, loads: list[Load]) -> str:
    ready, complete = (median(getattr(load, field) for load in loads) for field in ("ready", "complete"))
    one, shift = loads[-1], max(load.shift for load in loads)
    code, data = one.code_bytes / 1000, one.data_bytes / 1000
    return (
        f"| {name} | {ready / 1000:.1f} s | {complete / 1000:.1f} s | {one.rounds} | {code:.0f} KB | "
        f"{data:.0f} KB | {shift:.3f} |"
    )


if __name__ == "__main__":
    main()

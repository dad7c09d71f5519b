"""The code of the recipes, and the running program with demo data that they are run against."""

import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

from api.services import demo
from tests.support.running import ROOT, Running, environment
from tests.support.servers import stop_with_parent
from tests.support.world import ALL_WELL, CHECKLIST

RECIPES = ROOT / "docs/recipes"
PAGES = sorted(RECIPES.glob("*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_FILE = re.compile(r"^Save this as `(\w+\.py)`", re.M)


@dataclass(frozen=True, slots=True)
class Recipe:
    """A page: the name of its file in Python, the code of it, and its lines for bash."""

    file: str
    code: str
    bash: str


def read_recipe(page: Path) -> Recipe:
    """Read a page, which has one block of Python and says under which name to save it."""
    text = page.read_text()
    (match,) = _FILE.finditer(text)
    blocks = _BLOCK.findall(text)
    (code,) = (block for language, block in blocks if language == "python")
    return Recipe(
        match[1] or match[2], code, "".join(block for language, block in blocks if language == "bash")
    )


def save_recipes(folder: Path) -> None:
    """Save the code of all recipes, as a reader does."""
    for page in PAGES:
        recipe = read_recipe(page)
        (folder / recipe.file).write_text(recipe.code)


@dataclass
class Workspace:
    """A folder with the code of all recipes, and the credentials of an API client to run them with."""

    folder: Path
    base: str
    client: Mapping[str, Any]
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        save_recipes(self.folder)

    def environment(self) -> dict[str, str]:
        return environment(
            self.folder,
            SURVEY_URL=self.base,
            SURVEY_CLIENT_ID=self.client["client_id"],
            SURVEY_CLIENT_SECRET=self.client["client_secret"],
            **self.settings,
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a recipe, such as ``"sync_scores.py"``, with arguments."""
        return self._run([sys.executable, *command])

    def run_bash(self, lines: str) -> subprocess.CompletedProcess[str]:
        return self._run(["bash", "-e", "-o", "pipefail", "-c", lines])

    @contextmanager
    def start(self, name: str, command: list[str]) -> Iterator[None]:
        """Run a command that continues until it is stopped, with its output in ``NAME.out``."""
        with (self.folder / f"{name}.out").open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=self.environment(),
                stdout=output,
                preexec_fn=stop_with_parent(signal.SIGTERM),
            )
            try:
                yield
            finally:
                process.terminate()
                process.wait(20)

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=60
        )


class Caller:
    """A person or an API client who calls the program."""

    def __init__(self, base: str, token: str) -> None:
        self.base, self.headers = base, {"Authorization": f"Bearer {token}"}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request below the API's base path, and return the JSON of the response."""
        response = requests.request(
            method,
            path if path.startswith("http") else f"{self.base}/api/v1{path}",
            json=body,
            headers={**self.headers, **headers},
            timeout=30,
        )
        assert response.ok, response.text
        return response.json()

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.call("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", path, body)

    def patch(self, path: str, body: Any) -> Any:
        return self.call("PATCH", path, body, **{"If-Match": "*"})

    def list_all(self, path: str) -> list[Any]:
        items: list[Any] = []
        url: str | None = path
        while url:
            page = self.get(url)
            items += page["items"]
            url = page["next"]
        return items


@dataclass
class DemoProgram:
    """The demo organization of the running program, and what the tests add to it."""

    running: Running

    def sign_in(self, email: str, password: str = demo.PASSWORD) -> Caller:
        pair = Caller(self.running.base, "").post("/auth/login", {"email": email, "password": password})
        return Caller(self.running.base, pair["access_token"])

    @cached_property
    def admin(self) -> Caller:
        return self.sign_in("demo-admin@example.com")

    @cached_property
    def reviewer(self) -> Caller:
        return self.sign_in("demo-reviewer@example.com")

    @cached_property
    def checklist(self) -> str:
        """The key of a checklist whose visits are accepted as soon as the answers arrive."""
        self.admin.post("/checklists", CHECKLIST)
        self.admin.post("/checklists/visit/publish")
        return "visit"

    def sign_in_client(self, client: Mapping[str, Any]) -> Caller:
        response = requests.post(
            f"{self.running.base}/api/v1/auth/token",
            data={"grant_type": "client_credentials"},
            auth=(client["client_id"], client["client_secret"]),
            timeout=30,
        )
        return Caller(self.running.base, response.json()["access_token"])

    def region(self, code: str) -> Any:
        (region,) = self.admin.get(f"/regions?code={code}")["items"]
        return region

    def new_location(self, region: Any) -> Any:
        code = f"T-{uuid.uuid4().hex[:8]}"
        body = {"code": code, "name": code, "region_id": region["id"], "time_zone": "Europe/Madrid"}
        return self.admin.post("/locations", body)

    def new_client(self, *scopes: str, region_ids: tuple[str, ...] = ()) -> Any:
        """Create an API client, and return it with its secret."""
        body = {"name": f"Recipe {uuid.uuid4()}", "scopes": scopes, "region_ids": region_ids}
        return self.admin.post("/api-clients", body)

    def new_shopper(self) -> tuple[str, Caller]:
        """Create a shopper, and return their ID and the caller."""
        email = f"{uuid.uuid4()}@example.com"
        body = {"email": email, "name": "A shopper", "role": "shopper", "password": "four-random-words"}
        return self.admin.post("/users", body)["id"], self.sign_in(email, "four-random-words")

    def accept_visit(self, location: Any) -> str:
        """Assign a visit and send answers that are accepted at once; return its ID."""
        shopper_id, shopper = self.new_shopper()
        now = datetime.now(UTC).replace(microsecond=0)
        window = {"opens_at": now - timedelta(days=1), "closes_at": now + timedelta(days=1)}
        order = {
            "location_id": location["id"],
            "shopper_id": shopper_id,
            "checklist_key": self.checklist,
            "window": {name: time.isoformat() for name, time in window.items()},
        }
        visit_id: str = self.admin.post("/visits", order)["id"]
        submission = {
            "revision": 1,
            "checklist_version": 1,
            "started_at": (now - timedelta(minutes=11)).isoformat(),
            "finished_at": (now - timedelta(minutes=1)).isoformat(),
            "answers": ALL_WELL,
        }
        shopper.put(f"/visits/{visit_id}/submission", submission)
        assert self.admin.get(f"/visits/{visit_id}")["status"] == "accepted"
        return visit_id

    def reject_visit(self, visit_id: str) -> None:
        """Take the acceptance of a visit back."""
        (decision,) = self.reviewer.get(f"/visits/{visit_id}")["decisions"]
        body = {"revision": 1, "decision": "reject", "reason": "A mistake", "replaces": decision["id"]}
        self.reviewer.post(f"/visits/{visit_id}/review", body)

    def count_responses(self, route: str, status: int) -> int:
        """Return how often a route has responded with a status, as the program logged."""
        lines = self.running.log.read_text().splitlines()
        return sum(f'"route":"/api/v1{route}","status":{status},' in line for line in lines)

"""The API documentation: complete, valid, and its links and examples work."""

import ast
import json
import re
import subprocess
import time
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask

from api.domain import webhooks
from api.domain.access import PERMISSIONS, SCOPES
from api.domain.problems import list_problems
from api.pages.documentation import guides
from api.pages.documentation.calls import Call, write_curl, write_python
from tests.support.world import Caller

VOID = {"input", "link", "meta", "br", "hr", "img"}
#: Words that begin a call in the text of a guide
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class Parsed(HTMLParser):
    """The page as lists: IDs, references, and the text of each element with an ID, of code and of links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.labels: list[str] = []
        self.headings: list[int] = []
        #: language and text of each block of code, with the ID of the operation that contains it
        self.code: list[tuple[str, str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        assert len(values) == len(attrs), f"an attribute of {tag} occurs twice"
        if values.get("id"):
            self.ids.append(values["id"] or "")
        for name, found in (("href", self.links), ("src", self.sources), ("aria-labelledby", self.labels)):
            if name in values:
                found.append(values[name] or "")
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "code" and self.open[-1][0] == "pre":
            language = (values.get("class") or "").removeprefix("language-")
            self.code.append((self.operation(), language, ""))
        if tag not in VOID:
            self.open.append((tag, values))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if [tag for tag, _ in self.open[-2:]] == ["pre", "code"]:
            operation, language, text = self.code.pop()
            self.code.append((operation, language, text + data))

    def operation(self) -> str:
        """Return the ID of the operation that is being read, or nothing."""
        return next((v["id"] or "" for _, v in self.open if v.get("class") == "operation"), "")


@pytest.fixture(scope="module")
def html(embedded_app: Flask) -> str:
    return str(embedded_app.test_client().get("/docs").get_data(as_text=True))


@pytest.fixture(scope="module")
def page(html: str) -> Parsed:
    return Parsed(html)


@pytest.fixture(scope="module")
def document(embedded_app: Flask) -> Any:
    return json.loads(embedded_app.extensions["openapi"])


def operations(document: Any) -> dict[str, tuple[str, str]]:
    """Return method and path of each operation."""
    return {
        operation["operationId"]: (method.upper(), path)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    }


# Completeness.


def test_page_has_every_operation_schema_and_problem(page: Parsed, document: Any) -> None:
    expected = {*operations(document)}
    expected |= {f"schema-{name}" for name in document["components"]["schemas"]}
    expected |= {f"problem-{problem.code}" for problem in list_problems()}
    assert len(expected) > 150
    assert expected - set(page.ids) == set()


def test_every_problem_is_explained(html: str) -> None:
    for problem in list_problems():
        assert problem.title in html
        assert problem.explanation.endswith("."), problem.code
        assert problem.explanation != f"{problem.title}.", problem.code


def test_page_has_every_guide_and_recipe(page: Parsed, root: Path) -> None:
    assert {path.stem for path in root.glob("docs/api/*.md")} == set(guides.GUIDES) <= set(page.ids)
    recipes = {f"recipe-{path.stem}" for path in root.glob("docs/recipes/*.md")}
    assert recipes <= set(page.ids)


def test_every_scope_lists_exactly_the_operations_that_it_opens(html: str, document: Any) -> None:
    lists = html.partition('id="scopes-list"')[2].partition('id="scopes-permissions"')[0]
    for scope in SCOPES:
        opened = {
            operation["operationId"]
            for item in document["paths"].values()
            for operation in item.values()
            if isinstance(operation, dict) and scope in operation.get("x-scopes", [])
        }
        shown = re.search(rf"<dt><code>{scope}</code></dt>(.*?)</dd>", lists, re.S)
        assert shown is not None
        assert set(re.findall(r'href="#(\w+)"', shown[1])) == opened, scope
    permissions = html.partition('id="scopes-permissions"')[2].partition("</table>")[0].lower()
    for name in set(PERMISSIONS) - {"signed-in"}:
        assert f'<th scope="row">{name.lower()}</th>' in permissions


def test_sections_are_in_the_order_of_the_work(page: Parsed) -> None:
    steps = ("create_region", "create_location", "create_user", "publish_checklist", "assign_visits")
    steps += ("submit_answers", "review_visit", "list_scores", "create_export")
    positions = [page.ids.index(step) for step in steps]
    assert positions == sorted(positions)


# HTML, links and hosts.


def test_ids_are_unique_and_links_have_a_target(page: Parsed) -> None:
    assert [id for id, count in Counter(page.ids).items() if count > 1] == []
    anchors = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert len(anchors) > 150
    assert anchors - set(page.ids) == set()
    assert set(page.labels) - set(page.ids) == set()


def test_links_lead_to_this_page_or_to_https(page: Parsed) -> None:
    """A link to a file of the repository would lead nowhere."""
    others = {link for link in page.links if not link.startswith(("#", "/static/", "https://"))}
    assert others == {"/api/v1/openapi.json"}


def test_nothing_is_loaded_from_another_host(html: str, page: Parsed) -> None:
    loaded = [*page.sources, *re.findall(r'<link[^>]*href="([^"]*)"', html)]
    assert loaded
    assert [address for address in loaded if not address.startswith("/static/")] == []
    assert "url(" not in html
    assert "@import" not in html


def test_no_level_of_headings_is_skipped(page: Parsed) -> None:
    assert page.headings[0] == 1
    pairs = zip(page.headings, page.headings[1:], strict=False)
    assert [pair for pair in pairs if pair[1] > pair[0] + 1] == []


def test_calls_in_guides_exist_and_are_linked(html: str) -> None:
    """A call of another spelling would remain plain code."""
    text = html.partition('<h2 id="guides">')[2].partition('<h2 id="reference">')[0]
    unlinked = re.findall(rf"(?<!\">)<code>((?:{'|'.join(METHODS)}) /[^?<]*)</code>", text)
    assert unlinked == []
    assert len(re.findall(r'<a href="#\w+"><code>[A-Z]+ /', text)) > 40


def test_type_of_a_problem_leads_to_its_explanation(app: Flask) -> None:
    caller = Caller(app)
    type_ = caller.get("/regions").get_json()["type"]
    response = caller.get(f"/{type_}")
    assert (response.status_code, response.headers["Location"]) == (302, "/docs#problem-not-signed-in")
    assert caller.get("//problems/unknown").status_code == 404


def test_page_is_cached_and_compressed(app: Flask) -> None:
    client = app.test_client()
    plain = client.get("/docs")
    assert plain.headers["Cache-Control"] == "private, no-cache"
    packed = client.get("/docs", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert len(packed.get_data()) < 150_000 < len(plain.get_data())
    assert plain.headers["ETag"] != packed.headers["ETag"]
    again = client.get("/docs", headers={"If-None-Match": packed.headers["ETag"], "Accept-Encoding": "gzip"})
    assert (again.status_code, again.get_data()) == (304, b"")


# Examples.


def test_every_operation_has_examples_of_its_own_call(page: Parsed, document: Any) -> None:
    examples = {
        language: {operation: text for operation, found, text in page.code if operation and found == language}
        for language in ("sh", "python")
    }
    for operation, (method, path) in operations(document).items():
        pattern = re.sub(r"\\{\w+\\}", r"[\\w.-]+", re.escape(path))
        curl, python = examples["sh"][operation], examples["python"][operation]
        found = re.search(r'^curl "\$SURVEY_URL([^"]+)"', curl)
        assert found is not None, curl
        assert re.fullmatch(pattern, urlsplit(found[1]).path), curl
        assert f"response = requests.{method.lower()}(" in python
        assert f'os.environ["SURVEY_URL"] + "{found[1]}"' in python
        implied = "POST" if "--data" in curl else "GET"
        assert (re.findall(r"--request (\w+)", curl) or [implied]) == [method]


def test_shell_examples_are_valid(page: Parsed) -> None:
    texts = [text for _, language, text in page.code if language in ("sh", "bash")]
    assert len(texts) > 60
    for text in texts:
        checked = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, f"{checked.stderr}\n{text}"


def test_python_examples_are_valid(page: Parsed) -> None:
    texts = [text for _, language, text in page.code if language == "python"]
    assert len(texts) > 60
    for text in texts:
        compile(text, "example", "exec")


def test_json_examples_are_valid(page: Parsed) -> None:
    texts = [text for _, language, text in page.code if language == "json"]
    assert len(texts) > 60
    for text in texts:
        json.loads(text)


def test_check_of_the_guide_to_webhooks_accepts_only_genuine_requests(root: Path) -> None:
    text = (root / "docs/api/webhooks.md").read_text()
    found = re.search(r"```python\n(.*?)```", text, re.S)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)
    secret, body, at = webhooks.generate_secret(), b'{"type":"webhook.test"}', int(time.time())

    other = webhooks.generate_secret()

    def is_genuine(signing: str, age: int = 0, sent: bytes = body, first: str = "") -> bool:
        headers = {
            "webhook-id": "m1",
            "webhook-timestamp": str(at - age),
            "webhook-signature": first + webhooks.sign(signing, "m1", at - age, body),
        }
        return bool(names["is_genuine"](secret, headers, sent))

    assert is_genuine(secret)
    assert is_genuine(secret, first="v1,b3RoZXI= ")
    assert not is_genuine(other)
    assert not is_genuine(secret, sent=body + b" ")
    assert not is_genuine(secret, age=400)


def test_example_keeps_every_value_in_both_languages() -> None:
    body = {"text": 'it\'s "5" \\ \n €', "yes": True, "no": None, "list": [1, {"a": 0.5}], "empty": {}}
    call = Call("PUT", "/x", "bearer", {"If-Match": '"e"'}, "application/json", body, returns_json=True)
    printed = subprocess.run(
        ["bash", "-c", f'curl() {{ printf "%s\\0" "$@"; }}; {write_curl(call)}'],
        capture_output=True,
        check=True,
        env={"SURVEY_URL": "https://a", "TOKEN": "t"},
    )
    address, *options = printed.stdout.decode().rstrip("\0").split("\0")
    assert address == "https://a/x"
    assert json.loads(options[-1]) == body
    assert 'If-Match: "e"' in options
    assert "Authorization: Bearer t" in options
    call_node = next(node for node in ast.walk(ast.parse(write_python(call))) if isinstance(node, ast.Call))
    values = {keyword.arg: keyword.value for keyword in call_node.keywords}
    assert ast.literal_eval(values["json"]) == body

"""An attacker with the account of a manager, who requests everything and stores every byte of the responses.

They know all IDs, email addresses and codes of the organization.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, cycle, product
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode, urlsplit
from uuid import UUID

from werkzeug.test import TestResponse

from api.domain.audit import ACTIONS, SUBJECTS
from api.domain.disputes import STATUSES as DISPUTE_STATUSES
from api.domain.flags import LATE
from api.domain.quotas import PERIODS
from api.domain.reviews import CLAIMED, UNFLAGGED
from api.domain.visits import DECISIONS, STATUSES
from api.domain.webhooks import EVENTS
from api.pages import files
from schemas.scores import DIMENSIONS, FIGURE_FIELDS, INCLUDES, SORTS
from tests.support.world import API, Caller, ok

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
#: Requests that would end the attacker's own session.
EXCLUDED = {("POST", f"{API}/auth/logout"), ("POST", f"{API}/auth/refresh")}


@dataclass
class Known:
    """What the attacker knows, by the names of the parameters in paths and queries."""

    region_id: Sequence[str] = ()
    location_id: Sequence[str] = ()
    user_id: Sequence[str] = ()
    client_id: Sequence[str] = ()
    webhook_id: Sequence[str] = (str(UUID(int=1)),)
    delivery_id: Sequence[str] = (str(UUID(int=1)),)
    visit_id: Sequence[str] = ()
    batch_id: Sequence[str] = (str(UUID(int=1)),)
    message_id: Sequence[str] = (str(UUID(int=1)),)
    expense_id: Sequence[str] = (str(UUID(int=1)),)
    photos: Sequence[tuple[str, str]] = ()  # (visit, photo)
    dispute_id: Sequence[str] = (str(UUID(int=1)),)
    export_id: Sequence[str] = ("8d0d8b5e-5c6e-4f0c-9a53-0a3c1b8f7e21",)
    key: Sequence[str] = ("visit",)
    revision_id: Sequence[str] = (str(UUID(int=1)),)
    quota_id: Sequence[str] = (str(UUID(int=1)),)
    target_id: Sequence[str] = (str(UUID(int=1)),)
    codes: Sequence[str] = ()
    external_ids: Sequence[str] = ()
    emails: Sequence[str] = ()
    days: Sequence[str] = ()
    months: Sequence[str] = ()


@dataclass(frozen=True)
class Fetched:
    """A request and its response."""

    method: str
    target: str
    sent: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def content(self) -> tuple[bytes, bytes]:
        """The decoded headers and body of the response, without the request ID."""
        request_id = dict(self.headers)["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{32}", request_id)
        head = "".join(f"{name}: {value}\n" for name, value in self.headers)
        if "image/" in dict(self.headers).get("Content-Type", ""):
            body = self.body.lower()
        else:
            body = decode(self.body.replace(request_id.encode(), b""))
        return decode(head.replace(request_id, "").encode()), body

    @property
    def name(self) -> str:
        return f"{self.method} {self.target} {self.sent}".strip()


#: Path parameter → the values to try. IDs of visits and photos are tried in pairs, which `paths` does.
PARAMETERS: Mapping[str, Callable[[Known], Iterable[str]]] = {
    "region_id": lambda known: known.region_id,
    "location_id": lambda known: known.location_id,
    "user_id": lambda known: known.user_id,
    "client_id": lambda known: known.client_id,
    "session_id": lambda _known: (str(UUID(int=1)),),
    "webhook_id": lambda known: known.webhook_id,
    "view_id": lambda _known: (str(UUID(int=1)),),
    "delivery_id": lambda known: known.delivery_id,
    "visit_id": lambda known: known.visit_id,
    "batch_id": lambda known: known.batch_id,
    "message_id": lambda known: known.message_id,
    "expense_id": lambda known: known.expense_id,
    "key": lambda known: known.key,
    "version": lambda _known: ("1", "2"),
    "revision_id": lambda known: known.revision_id,
    "quota_id": lambda known: known.quota_id,
    "target_id": lambda known: known.target_id,
    "token": lambda _known: ("forged",),
    "dispute_id": lambda known: known.dispute_id,
    "export_id": lambda known: known.export_id,
    "filename": lambda _known: ("docs/docs.css", "form/main.js"),
    "release": lambda _known: (files.RELEASE,),
    "area": lambda _known: ("people", "none"),
    "address": lambda _known: ("none", "visits/none"),
    "code": lambda _known: ("stale", "none"),
}


def _score_fields(_known: Known) -> Iterator[str]:
    yield from FIGURE_FIELDS
    yield from (*DIMENSIONS, *INCLUDES, "rank", "rank_range", "shopper", "started_at")
    yield ",".join(FIGURE_FIELDS)


#: Query parameter → the values to try.
QUERY: Mapping[str, Callable[[Known], Iterable[str]]] = {
    "limit": lambda _known: ("1", "500"),
    "cursor": lambda _known: ("forged",),
    "token": lambda _known: ("forged",),
    "status": lambda _known: (*STATUSES, *DISPUTE_STATUSES, "closed"),
    "visit_id": lambda known: known.visit_id,
    "location_id": lambda known: known.location_id,
    "region_id": lambda known: known.region_id,
    "parent_id": lambda known: known.region_id,
    "within": lambda known: known.region_id,
    "shopper_id": lambda known: known.user_id,
    "checklist_key": lambda known: known.key,
    "checklist": lambda known: known.key,
    "question": lambda _known: ("story", "greeting", "loyalty-card", "receipt"),
    "external_id": lambda known: known.external_ids,
    "batch_id": lambda known: known.batch_id,
    "q": lambda known: (*known.codes, *known.emails),
    "code": lambda known: known.codes,
    "name": lambda known: known.codes,
    "email": lambda known: known.emails,
    "role": lambda _known: ("shopper",),
    "event": lambda _known: EVENTS,
    "revoked": lambda _known: ("true", "false"),
    "disabled": lambda _known: ("true", "false"),
    "actor_id": lambda known: known.user_id,
    "action": lambda _known: ACTIONS,
    "subject": lambda known: (*SUBJECTS, *known.visit_id),
    "closed": lambda _known: ("true", "false"),
    "mine": lambda _known: ("true", "false"),
    "changed_after": lambda _known: ("", "forged"),
    "whole_visit": lambda _known: ("true", "false"),
    "points": lambda _known: ("lost", "full"),
    "flag": lambda _known: (LATE.code, UNFLAGGED),
    "waiting_hours": lambda _known: ("1",),
    "claimed": lambda _known: CLAIMED,
    "decision": lambda _known: DECISIONS,
    "reviewer_id": lambda known: known.user_id,
    "time_zone": lambda _known: ("Europe/London",),
    "from": lambda known: (*known.days, *known.months),
    "to": lambda known: (*known.days, *known.months),
    "by": lambda _known: DIMENSIONS,
    "per": lambda _known: PERIODS,
    "month": lambda known: known.months,
    "half_width": lambda _known: ("0.05",),
    "budget": lambda _known: ("10",),
    "section": lambda _known: ("welcome",),
    "include": lambda _known: (*INCLUDES, "checklist", "counts", "shopper", "drafts,retired", "progress"),
    "sort": lambda _known: (*SORTS, "day", "-day"),
    "fields": _score_fields,
}


def _bodies(known: Known) -> Iterator[Any]:
    """Yield request bodies to try."""
    yield {}
    yield {"revision": 1, "decision": "accept"}
    yield {"text": "Who were you?"}
    yield {"revision": 1, "checklist_version": 1, "started_at": "2026-01-01T00:00:00Z",
           "finished_at": "2026-01-01T00:10:00Z", "answers": {}}  # fmt: skip
    for shopper in known.user_id[:1]:
        window = {"opens_at": "2026-01-01T00:00:00Z", "closes_at": "2026-01-02T00:00:00Z"}
        yield {"shopper_id": shopper}
        yield {"location_id": known.location_id[0], "shopper_id": shopper, "checklist_key": "visit",
               "window": window}  # fmt: skip
    for email in known.emails:
        yield {"email": email, "name": "x", "role": "shopper", "password": "a guessed password"}
        yield {"email": email, "password": "a guessed password"}


class Attacker:
    """Sends requests as a caller, to all routes or to those that match the pattern ``about``."""

    def __init__(self, caller: Caller, known: Known, about: str = "") -> None:
        self.caller, self.known = caller, known
        self.rules = [rule for rule in caller.app.url_map.iter_rules() if re.search(about, rule.rule)]
        self.document = ok(caller.get("/openapi.json"))
        self.fetched: list[Fetched] = []

    def read(self) -> list[Fetched]:
        """Request every GET route with all parameters."""
        for rule in self.rules:
            if "GET" in (rule.methods or ()):
                queries = self.queries(rule.rule)
                for number, path in enumerate(self.paths(rule.rule)):
                    self.get_pages(path, queries)
                    if number < 2:
                        self.vary_request(path, queries)
        return self.fetched

    def try_to_change(self) -> list[Fetched]:
        """Try every other method on every route."""
        for rule in sorted({rule.rule for rule in self.rules}):
            for method in UNSAFE:
                is_allowed = any(
                    other.rule == rule and method in (other.methods or ()) for other in self.rules
                )
                if not is_allowed:
                    self.send(method, self.paths(rule)[0], {})
                elif (method, rule) not in EXCLUDED:
                    for path, body in product(self.paths(rule), _bodies(self.known)):
                        self.send(method, path, body)
        return self.fetched

    def paths(self, rule: str) -> list[str]:
        """Return the paths of a rule with all values; an unknown parameter raises KeyError."""
        names = re.findall(r"<(?:\w+:)?(\w+)>", rule)
        if names == ["visit_id", "photo_id"]:
            choices: Iterable[Sequence[str]] = self.known.photos
        else:
            choices = product(*(PARAMETERS[name](self.known) for name in names))
        parts = re.split(r"<[^>]+>", rule)
        return ["".join(part for pair in zip(parts, (*values, ""), strict=True) for part in pair)
                for values in choices]  # fmt: skip

    def queries(self, rule: str) -> list[dict[str, str]]:
        """Return the queries for a GET route: each of its parameters with each value."""
        documented = self.document["paths"].get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule), {}).get("get", {})
        parameters = documented.get("parameters", ())
        names = [parameter["name"] for parameter in parameters if parameter.get("in") == "query"]
        if "by" not in names:
            return [{}, *({name: value} for name in names for value in QUERY[name](self.known))]
        queries = [{"by": by} for by in DIMENSIONS]
        for by, name in product(("location", "question"), names):
            if name not in ("by", "fields") or (by, name) == ("location", "fields"):
                queries += [{"by": by, name: value} for value in QUERY[name](self.known)]
        for pair, sort in zip(combinations(DIMENSIONS, 2), cycle(SORTS), strict=False):
            queries.append({"by": ",".join(pair), "sort": sort, "include": "change,months"})
        return queries

    def get_pages(self, path: str, queries: Sequence[dict[str, str]]) -> None:
        """Request a path with each query, page by page."""
        for query in queries:
            response = self.send("GET", path, query=query)
            while response.status_code == 200 and (next_address := _next(response)) is not None:
                response = self.send("GET", next_address)

    def vary_request(self, path: str, queries: Sequence[dict[str, str]]) -> None:
        """Request a path with other methods and headers."""
        first = queries[0]
        tag = self.send("GET", path, query=first).headers.get("ETag", '"none"')
        self.send("HEAD", path, query=first)
        self.send("OPTIONS", path)
        self.send("GET", path, query=first, headers={"If-None-Match": tag})
        self.send("GET", path, query=first, headers={"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"})
        self.send("GET", path, query=first, headers={"Range": "bytes=0-9"})
        for query in [first, {**first, "limit": "1"}, *(query for query in queries if "include" in query)]:
            self.send("GET", path, query=query, headers={"Accept": "text/csv"})

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a request and store the response."""
        target = f"{path}?{urlencode(query)}" if query else path
        response = self.caller.call(method, f"/{target}", body, headers=headers or {})
        sent = " ".join([json.dumps(body) if body is not None else "", *(headers or {}).values()])
        self.fetched.append(
            Fetched(method, target, sent, response.status_code, tuple(response.headers), response.data)
        )
        return response


def _next(response: TestResponse) -> str | None:
    """Return the address of the next page."""
    address = (response.get_json() or {}).get("next") if response.mimetype == "application/json" else None
    if address is None:
        return None
    url = urlsplit(address)
    return f"{url.path}?{url.query}"


# Searching the responses.

_TOKEN = re.compile(rb"[A-Za-z0-9_+/-]{8,}")


@cache
def decode(text: bytes) -> bytes:
    """Return a text together with everything in it that can be decoded as a URL, base64 or hexadecimal."""
    tokens = sorted(set(_TOKEN.findall(text)))
    return b"\n".join({text.lower(), unquote_to_bytes(text).lower(), *map(_decode_token, tokens)})


@cache
def _decode_token(token: bytes) -> bytes:
    texts = []
    for decode_text in (_base64, bytes.fromhex):
        with suppress(ValueError):
            texts.append(decode_text(token.decode()).lower())
    return b"\n".join(texts)


def _base64(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.replace("+", "-").replace("/", "_") + "=" * (-len(token) % 4))


@dataclass
class Markers:
    """Texts that managers must not see, each with a description."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, description: str, text: str) -> str:
        """Add a marker, and return it."""
        assert len(text) >= 6, "A shorter marker could occur by chance."
        self.texts[text] = description
        return text

    def within(self, fetched: Iterable[Fetched]) -> list[str]:
        """Return the markers in the responses, except those that the attacker sent in the same request."""
        responses = [(response, response.content) for response in fetched]
        everything = b"\n".join({part for _, content in responses for part in content})
        leaks = []
        for text, description in self.texts.items():
            forms = [form for form in {*_forms(text)} if form in everything]
            for response, content in responses if forms else ():
                sent = (response.target + response.sent).lower()
                if (
                    any(form in part for form in forms for part in content)
                    and text.lower() not in unquote_to_bytes(sent).decode()
                ):
                    leaks.append(f"{description} {text!r} in the response to {response.name}")
        return leaks

    def find_in(self, data: bytes) -> list[str]:
        """Return the markers that are in bytes, in upper or lower case."""
        lower = data.lower()
        return [
            f"{description} {text!r}"
            for text, description in self.texts.items()
            if any(form in lower for form in _forms(text))
        ]


def _forms(text: str) -> Iterator[bytes]:
    """Yield the forms of a text: plain, in JSON, in URLs, in other encodings, and as a digest."""
    lower = text.lower()
    plain = lower.encode()
    yield from (plain, json.dumps(lower)[1:-1].encode(), quote(lower).lower().encode())
    yield from (lower.encode("utf-16-le"), lower.encode("utf-16-be"))
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", lower):
        yield lower.replace("-", "").encode()
        yield bytes.fromhex(lower.replace("-", "")).lower()
    for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        yield digest(text.encode()).hexdigest().encode()
        yield digest(plain).digest().lower()

"""An attacker with a manager's account: he fetches whatever the program gives him, and keeps every byte.

He is a lucky one: whatever ids, addresses and codes there are in the organization, he has guessed them.
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

from werkzeug.test import TestResponse

from api.domain.visits import STATUSES
from api.pages import files
from schemas.scores import DIMENSIONS, FIGURE_FIELDS, INCLUDES, SORTS
from tests.support.world import API, Caller, ok

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
#: what would end the walk, or change the attacker's own account
LEFT_OUT = {("POST", f"{API}/auth/logout"), ("POST", f"{API}/auth/refresh")}
#: what tells of everybody's requests together and is not for managers' eyes (README: keep it inside)
COUNTERS = "/metrics"


@dataclass
class Known:
    """What the attacker has guessed, by the names that paths and queries have for it."""

    region_id: Sequence[str] = ()
    location_id: Sequence[str] = ()
    user_id: Sequence[str] = ()
    visit_id: Sequence[str] = ()
    photos: Sequence[tuple[str, str]] = ()  # (visit, photo)
    key: Sequence[str] = ("visit",)
    codes: Sequence[str] = ()
    external_ids: Sequence[str] = ()
    emails: Sequence[str] = ()
    days: Sequence[str] = ()
    months: Sequence[str] = ()


@dataclass(frozen=True)
class Fetched:
    """One request and everything that came back."""

    method: str
    target: str
    sent: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def said(self) -> tuple[bytes, bytes]:
        """All that the answer says, in plain bytes: its head and its body, but for the request's id."""
        request_id = dict(self.headers)["X-Request-ID"]
        assert re.fullmatch("[0-9a-f]{32}", request_id)
        head = "".join(f"{name}: {value}\n" for name, value in self.headers)
        if "image/" in dict(self.headers).get("Content-Type", ""):
            body = self.body.lower()
        else:
            body = decoded(self.body.replace(request_id.encode(), b""))
        return decoded(head.replace(request_id, "").encode()), body

    @property
    def name(self) -> str:
        return f"{self.method} {self.target} {self.sent}".strip()


#: path parameter → the values to put there; visits' photos go in pairs and are filled apart
PARAMETERS: Mapping[str, Callable[[Known], Iterable[str]]] = {
    "region_id": lambda known: known.region_id,
    "location_id": lambda known: known.location_id,
    "user_id": lambda known: known.user_id,
    "visit_id": lambda known: known.visit_id,
    "key": lambda known: known.key,
    "version": lambda _known: ("1", "2"),
    "token": lambda _known: ("forged",),
    "filename": lambda _known: ("plain.css", "form/main.js"),
    "release": lambda _known: (files.RELEASE,),
}


def _everything_of_scores(_known: Known) -> Iterator[str]:
    yield from FIGURE_FIELDS
    yield from (*DIMENSIONS, *INCLUDES, "rank", "rank_range", "shopper", "started_at")
    yield ",".join(FIGURE_FIELDS)


#: query parameter → the values to try
QUERY: Mapping[str, Callable[[Known], Iterable[str]]] = {
    "limit": lambda _known: ("1", "500"),
    "cursor": lambda _known: ("forged",),
    "status": lambda _known: STATUSES,
    "location_id": lambda known: known.location_id,
    "region_id": lambda known: known.region_id,
    "parent_id": lambda known: known.region_id,
    "shopper_id": lambda known: known.user_id,
    "checklist_key": lambda known: known.key,
    "checklist": lambda known: known.key,
    "question": lambda _known: ("story", "greeting", "loyalty-card", "receipt"),
    "external_id": lambda known: known.external_ids,
    "code": lambda known: known.codes,
    "name": lambda known: known.codes,
    "email": lambda known: known.emails,
    "role": lambda _known: ("shopper",),
    "disabled": lambda _known: ("true", "false"),
    "closed": lambda _known: ("true", "false"),
    "mine": lambda _known: ("true", "false"),
    "whole_visit": lambda _known: ("true", "false"),
    "time_zone": lambda _known: ("Europe/London",),
    "from": lambda known: (*known.days, *known.months),
    "to": lambda known: (*known.days, *known.months),
    "by": lambda _known: DIMENSIONS,
    "sort": lambda _known: SORTS,
    "include": lambda _known: (*INCLUDES, "checklist", "shopper"),
    "fields": _everything_of_scores,
}


def _bodies(known: Known) -> Iterator[Any]:
    """Yield bodies that somebody who wants to know would try."""
    yield {}
    yield {"revision": 1, "decision": "accept"}
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
    """Walks the program as one caller, or what of it is ``about`` some words."""

    def __init__(self, caller: Caller, known: Known, about: str = "") -> None:
        self.caller, self.known = caller, known
        self.rules = [rule for rule in caller.app.url_map.iter_rules() if re.search(about, rule.rule)]
        self.document = ok(caller.get("/openapi.json"))
        self.fetched: list[Fetched] = []

    def read(self) -> list[Fetched]:
        """Fetch every GET route with whatever it can be asked for."""
        for rule in self.rules:
            if "GET" in (rule.methods or ()) and rule.rule != COUNTERS:
                queries = self.queries(rule.rule)
                for number, path in enumerate(self.paths(rule.rule)):
                    self.look_at(path, queries)
                    if number < 2:
                        self.look_askance_at(path, queries)
        return self.fetched

    def try_to_change(self) -> list[Fetched]:
        """Try every other method on every address."""
        for rule in sorted({rule.rule for rule in self.rules}):
            for method in UNSAFE:
                taken = any(each.rule == rule and method in (each.methods or ()) for each in self.rules)
                if not taken:
                    self.ask(method, self.paths(rule)[0], {})
                elif (method, rule) not in LEFT_OUT:
                    for path, body in product(self.paths(rule), _bodies(self.known)):
                        self.ask(method, path, body)
        return self.fetched

    def paths(self, rule: str) -> list[str]:
        """Fill a rule; one with a parameter that nobody told of fails the test."""
        names = re.findall(r"<(?:\w+:)?(\w+)>", rule)
        if names == ["visit_id", "photo_id"]:
            choices: Iterable[Sequence[str]] = self.known.photos
        else:
            choices = product(*(PARAMETERS[name](self.known) for name in names))
        parts = re.split(r"<[^>]+>", rule)
        return ["".join(part for pair in zip(parts, (*each, ""), strict=True) for part in pair)
                for each in choices]  # fmt: skip

    def queries(self, rule: str) -> list[dict[str, str]]:
        """Return what to ask a GET route for: each of its parameters with each value."""
        documented = self.document["paths"].get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule), {}).get("get", {})
        names = [each["name"] for each in documented.get("parameters", ()) if each.get("in") == "query"]
        if "by" not in names:
            return [{}, *({name: value} for name in names for value in QUERY[name](self.known))]
        asked = [{"by": by} for by in DIMENSIONS]
        for by, name in product(("location", "question"), names):
            if name not in ("by", "fields") or (by, name) == ("location", "fields"):
                asked += [{"by": by, name: value} for value in QUERY[name](self.known)]
        for pair, sort in zip(combinations(DIMENSIONS, 2), cycle(SORTS), strict=False):
            asked.append({"by": ",".join(pair), "sort": sort, "include": "change,months"})
        return asked

    def look_at(self, path: str, queries: Sequence[dict[str, str]]) -> None:
        """Fetch an address with each query, page by page."""
        for query in queries:
            answer = self.ask("GET", path, query=query)
            while answer.status_code == 200 and (following := _next(answer)) is not None:
                answer = self.ask("GET", following)

    def look_askance_at(self, path: str, queries: Sequence[dict[str, str]]) -> None:
        """Fetch an address in every other way there is to look at it."""
        one = queries[0]
        tag = self.ask("GET", path, query=one).headers.get("ETag", '"none"')
        self.ask("HEAD", path, query=one)
        self.ask("OPTIONS", path)
        self.ask("GET", path, query=one, headers={"If-None-Match": tag})
        self.ask("GET", path, query=one, headers={"If-Modified-Since": "Mon, 01 Jan 2024 00:00:00 GMT"})
        self.ask("GET", path, query=one, headers={"Range": "bytes=0-9"})
        for query in [one, {**one, "limit": "1"}, *(each for each in queries if "include" in each)]:
            self.ask("GET", path, query=query, headers={"Accept": "text/csv"})

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Make one request and keep what comes."""
        target = f"{path}?{urlencode(query)}" if query else path
        answer = self.caller.call(method, f"/{target}", body, headers=headers or {})
        sent = " ".join([json.dumps(body) if body is not None else "", *(headers or {}).values()])
        self.fetched.append(
            Fetched(method, target, sent, answer.status_code, tuple(answer.headers), answer.data)
        )
        return answer


def _next(answer: TestResponse) -> str | None:
    """Return the address of the next page."""
    address = (answer.get_json() or {}).get("next") if answer.mimetype == "application/json" else None
    if address is None:
        return None
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"


# Searching.

_TOKEN = re.compile(rb"[A-Za-z0-9_+/-]{8,}")


@cache
def decoded(text: bytes) -> bytes:
    """Return what may be hidden in a text: itself, and all of it that reads as URL, base64 or hex."""
    tokens = sorted(set(_TOKEN.findall(text)))
    return b"\n".join({text.lower(), unquote_to_bytes(text).lower(), *map(_read, tokens)})


@cache
def _read(token: bytes) -> bytes:
    found = []
    for read in (_base64, bytes.fromhex):
        with suppress(ValueError):
            found.append(read(token.decode()).lower())
    return b"\n".join(found)


def _base64(token: str) -> bytes:
    return base64.urlsafe_b64decode(token.replace("+", "-").replace("/", "_") + "=" * (-len(token) % 4))


@dataclass
class Markers:
    """Texts that no manager may come to see, by what they are."""

    texts: dict[str, str] = field(default_factory=dict)

    def add(self, what: str, text: str) -> str:
        """Remember a marker, and return it."""
        assert len(text) >= 6, "a marker that is too short is found by chance"
        self.texts[text] = what
        return text

    def within(self, fetched: Iterable[Fetched]) -> list[str]:
        """Return what was found, and where; what the attacker himself sent is no news to him."""
        answers = [(each, each.said) for each in fetched]
        everything = b"\n".join({part for _, said in answers for part in said})
        found = []
        for text, what in self.texts.items():
            forms = [form for form in _forms(text) if form in everything]
            for each, said in answers if forms else ():
                own = (each.target + each.sent).lower()
                if (
                    any(form in part for form in forms for part in said)
                    and text.lower() not in unquote_to_bytes(own).decode()
                ):
                    found.append(f"{what} {text!r} in the answer to {each.name}")
        return found


def _forms(text: str) -> Iterator[bytes]:
    """Yield how a text may be written: as it is, in JSON and addresses, in other encodings, as a digest."""
    small = text.lower()
    plain = small.encode()
    yield from (plain, json.dumps(small)[1:-1].encode(), quote(small).lower().encode())
    yield from (small.encode("utf-16-le"), small.encode("utf-16-be"))
    if re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", small):
        yield small.replace("-", "").encode()
        yield bytes.fromhex(small.replace("-", "")).lower()
    for digest in (hashlib.md5, hashlib.sha1, hashlib.sha256):
        yield digest(text.encode()).hexdigest().encode()
        yield digest(plain).digest().lower()

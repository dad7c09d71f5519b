"""Webhooks: events and their messages, which URLs may receive them, signatures, and when to try again.

Format and signature are those of Standard Webhooks (https://www.standardwebhooks.com).
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any
from urllib.parse import SplitResult, urlsplit

from api.domain.changes import (
    DISPUTE_DECIDED,
    DISPUTE_OPENED,
    EXPORT_READY,
    VISIT_ACCEPTED,
    VISIT_WITHDRAWN,
)
from api.domain.times import format_utc

SCORE_CHANGED = "score.changed"
TEST = "webhook.test"
#: the events that a webhook can subscribe to
EVENTS = (VISIT_ACCEPTED, VISIT_WITHDRAWN, SCORE_CHANGED, EXPORT_READY, DISPUTE_OPENED, DISPUTE_DECIDED)

#: the statuses of a webhook
ENABLED, DISABLED = STATUSES = ("enabled", "disabled")
#: the statuses of a delivery
PENDING, DELIVERED, FAILED = DELIVERY_STATUSES = ("pending", "delivered", "failed")
#: why a webhook was disabled, other than by its owner
GONE = "The receiver responded with 410 (Gone)."
FAILED_TOO_LONG = "Every delivery failed for five days."
CLIENT_REVOKED = "The API client that created it was revoked."

#: one attempt altogether: name resolution, connection, headers, body
ATTEMPT_TIMEOUT = timedelta(seconds=15)
#: the wait after each failed attempt; after the last, the delivery has failed
RETRY_WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
)
#: the largest deviation from a wait, so that retries after an outage do not arrive together
RETRY_JITTER = 0.2
#: how long both secrets sign after a secret was replaced
SECRET_OVERLAP = timedelta(hours=24)
#: the largest number of secrets that sign at the same time
MAX_SIGNATURES = 5
#: how long a webhook may fail before it is disabled
DISABLE_AFTER = timedelta(days=5)
KEEP_DELIVERIES = timedelta(days=30)

SECRET_PREFIX = "whsec_"  # noqa: S105  (a prefix, not a secret)
MAX_URL_LENGTH = 2048

_HOST_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
#: the last label of a host that browsers and resolvers may read as a number: 127.1, 0x7f000001, 017700000001
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: IPv6 addresses that are routed publicly (IANA), and what is reserved within them
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_RESERVED_IPV6 = tuple(
    map(IPv6Network, ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))  # ORCHID, docs, 6to4, docs
)


def find_messages(
    kind: str, visit_id: uuid.UUID | None, data: Mapping[str, Any]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the messages that a change leads to: each event with its ``data``.

    ``kind`` and ``data`` are those of the change. An amended visit is sent as an accepted one: receivers read
    the visit again in both cases.
    """
    if kind == EXPORT_READY:
        yield EXPORT_READY, {"export": data["export"]}
        return
    visit = {name: data[name] for name in ("location", "checklist", "day", "month")}
    if kind in (DISPUTE_OPENED, DISPUTE_DECIDED):
        yield kind, {"dispute_id": data["dispute_id"], "visit_id": str(visit_id), **visit}
    else:
        event = VISIT_WITHDRAWN if kind == VISIT_WITHDRAWN else VISIT_ACCEPTED
        yield event, {"visit_id": str(visit_id), **visit}
        if data["changes_score"]:
            checklist = {"key": data["checklist"]["key"]}
            yield (
                SCORE_CHANGED,
                {"location": data["location"], "checklist": checklist, "month": data["month"]},
            )


def build_body(event: str, at: datetime, data: Mapping[str, Any]) -> str:
    """Return the body of a message. ``at`` is when the event happened."""
    return json.dumps(
        {"type": event, "timestamp": format_utc(at), "data": data}, ensure_ascii=False, separators=(",", ":")
    )


def find_url_error(url: str, *, allow_private: bool) -> str | None:
    """Return what is wrong with the URL of a webhook, or None.

    The host's addresses are checked elsewhere, on each connection. ``allow_private`` also allows http.
    """
    if len(url) > MAX_URL_LENGTH:
        return f"The URL has over {MAX_URL_LENGTH} characters."
    if any(not "!" <= character <= "~" for character in url) or "\\" in url:
        return "The URL contains a character that must be percent-encoded."
    try:
        parts = urlsplit(url)
        port = port_of(parts)
    except ValueError:
        return "This is not a valid URL."
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes:
        return f"The URL must start with {' or '.join(f'{scheme}://' for scheme in schemes)}."
    if "@" in parts.netloc:
        return "The URL must not contain credentials."
    if parts.fragment or url.endswith("#"):
        return "The URL must not contain a fragment."
    if port <= 1023 and port != 443 and not (allow_private and port == 80):
        return "The port must be 443 or above 1023."
    host = parts.hostname or ""
    if parts.netloc.startswith("["):
        address: IPv4Address | IPv6Address | None = _parse_address(host)
        if address is None:
            return "The host is not a valid IPv6 address."
    elif _NUMERIC_LABEL.fullmatch(host.rpartition(".")[2]):
        address = _parse_address(host)
        if address is None:
            return "Write an IPv4 address as four decimal numbers without leading zeros."
    elif not _HOST_NAME.fullmatch(host):
        return "The host is not a valid name. Write international names in their ASCII form (xn--…)."
    else:
        address = None
    if address is not None and not allow_private and not is_public(address):
        return "The address is not public."
    return None


def port_of(parts: SplitResult) -> int:
    """Return the port of a URL, or its scheme's default; raises ValueError if the port is not valid."""
    if parts.port is not None:
        return parts.port
    return 80 if parts.scheme == "http" else 443


def _parse_address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    # A zone (fe80::1%eth0) names an interface of this machine.
    return None if isinstance(address, IPv6Address) and address.scope_id else address


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is routed on the public internet.

    ``is_global`` alone is not enough: it is true for multicast, 6to4, NAT64 and site-local addresses.
    """
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast
    if address not in _GLOBAL_UNICAST or any(address in network for network in _RESERVED_IPV6):
        return False
    return address.is_global


def generate_secret() -> str:
    """Return a new secret, as it is shown: ``whsec_``, and 32 random bytes in base64, which are the key."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the ``webhook-signature`` of a message: HMAC-SHA256 over ``id.timestamp.body``, version 1.

    ``timestamp`` is in seconds since 1970, UTC.
    """
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def find_retry_wait(attempts: int, jitter: float, retry_after: timedelta | None = None) -> timedelta | None:
    """Return the wait after this many failed attempts, or None if there is no further attempt.

    ``jitter`` is from -1 to 1. A longer ``retry_after`` (of the Retry-After header) counts, up to a day.
    """
    if attempts > len(RETRY_WAITS):
        return None
    wait = RETRY_WAITS[attempts - 1] * (1 + RETRY_JITTER * jitter)
    return max(wait, min(retry_after, timedelta(days=1))) if retry_after else wait

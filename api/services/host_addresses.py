"""The addresses of hosts that webhooks are sent to."""

import socket
import threading
from contextlib import suppress
from ipaddress import ip_address

from api.domain.webhooks import is_public

NOT_RESOLVED = "name-resolution"
NOT_PUBLIC = "address-not-public"


class AddressError(Exception):
    """A host cannot be used. ``reason`` is NOT_RESOLVED or NOT_PUBLIC."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def resolve(host: str, port: int, seconds: float, *, allow_private: bool) -> list[str]:
    """Return the addresses of a host. Raises AddressError if there is none, or one that is not public.

    getaddrinfo has no deadline of its own, so it runs in a thread that is left behind when time is up.
    """
    found: list[str] = []

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            records = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(record[4][0]) for record in records))

    thread = threading.Thread(target=look_up, name="resolver", daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    addresses = list(found)
    if thread.is_alive() or not addresses:
        raise AddressError(NOT_RESOLVED)
    if not allow_private and not all(is_public(ip_address(address)) for address in addresses):
        raise AddressError(NOT_PUBLIC)
    return addresses

"""Listening sockets, bound before anything is written, so that a second program on an address stops here."""

import socket

from gunicorn import systemd

from api.settings import SettingsError


def take_over_listener() -> socket.socket | None:
    """Return the socket that systemd listens on for this program, or None.

    It stays open while the program restarts, so that connections wait meanwhile instead of being refused.
    """
    if not systemd.listen_fds():
        return None
    return socket.socket(fileno=systemd.SD_LISTEN_FDS_START)


def listen(host: str, port: int, names: str) -> socket.socket:
    """Listen on an address. Raises SettingsError with the ``names`` of the settings if that is impossible."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name with an empty or overlong label
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(f"{names}: cannot listen on {host} port {port}: {reason}") from error
    return listener

"""Cookies of a session. Behind TLS, their names begin with ``__Host-``.

Browsers accept such a cookie from this host only, so no other server of the domain can plant one
(RFC 6265bis, section 4.1.3.2).
"""

from datetime import timedelta

from flask import Response, request

#: cookies that scripts cannot read
ACCESS_TOKEN, REFRESH_TOKEN = "access_token_cookie", "refresh_token_cookie"
DEVICE_TOKEN = "device_token"  # noqa: S105  (a name)
#: cookies that the pages read, to send their values in the CSRF header
ACCESS_CSRF, REFRESH_CSRF = "csrf_access_token", "csrf_refresh_token"


def read_cookie(name: str) -> str | None:
    """Return the value of a cookie of this host, or None."""
    return request.cookies.get(_get_full_name(name))


def set_cookie(response: Response, name: str, value: str, max_age: timedelta) -> None:
    """Set a cookie that this host alone receives, and that scripts cannot read unless it is for CSRF."""
    response.set_cookie(
        _get_full_name(name),
        value,
        max_age=max_age,
        secure=request.is_secure,
        httponly=name not in (ACCESS_CSRF, REFRESH_CSRF),
        samesite="Lax",
    )


def remember_device(response: Response, token: str) -> None:
    """Set the cookie that shows that the person has logged in on this device. It stays when they log out."""
    set_cookie(response, DEVICE_TOKEN, token, timedelta(days=365))


def delete_session_cookies(response: Response) -> None:
    """Delete all cookies of a session."""
    for name in (ACCESS_TOKEN, REFRESH_TOKEN, ACCESS_CSRF, REFRESH_CSRF):
        response.delete_cookie(_get_full_name(name), secure=request.is_secure)


def _get_full_name(name: str) -> str:
    return f"__Host-{name}" if request.is_secure else name

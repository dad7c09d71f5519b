"""Access and refresh tokens: JWTs that this program signs, and verifies on every request.

They name the installation that issued them and that they are for (``iss`` and ``aud``). Another one does not
accept them, even if it has the same secret.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flask import Flask, request
from flask_jwt_extended import JWTManager, decode_token
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException, NoAuthorizationError
from jwt.exceptions import PyJWTError

from api.http import cookies
from api.http.context import app_context
from api.keys import Keys
from api.services.installation import read_token_issuer

#: Clients that authenticate with cookies repeat the cookie with the CSRF token in this header.
CSRF_HEADER = "X-CSRF-TOKEN"
#: What ``verify_token`` raises for a token that is not valid. RuntimeError includes the recursion error that
#: an endlessly nested token causes.
INVALID_TOKEN = (JWTExtendedException, PyJWTError, ValueError, KeyError, RuntimeError, TypeError)


def register(app: Flask, keys: Keys) -> None:
    """Let the library sign tokens with the current key. The ID of its key is in the header of each token."""
    signing_keys = get_signing_keys(keys)
    current = next(iter(signing_keys))
    manager = JWTManager(app)
    manager.additional_headers_loader(lambda _identity: {"kid": current})
    manager.encode_key_loader(lambda _identity: signing_keys[current])
    manager.decode_key_loader(lambda header, _claims: signing_keys[header["kid"]])
    manager.additional_claims_loader(lambda _identity: {"iss": get_issuer(), "aud": get_issuer()})


def get_signing_keys(keys: Keys) -> dict[str, bytes]:
    """Return the keys of tokens by their IDs: the current one first."""
    return {hashlib.sha256(key).hexdigest()[:16]: key for key in keys.derive("API tokens")}


def verify_token(*, refresh: bool) -> Mapping[str, Any]:
    """Return the claims of the token in the Authorization header, or of the cookie if there is no header.

    Raises one of INVALID_TOKEN; for a cookie without its CSRF header, that is CSRFError.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer"
    if not is_bearer:
        token = cookies.read_cookie(cookies.REFRESH_TOKEN if refresh else cookies.ACCESS_TOKEN) or ""
    claims = _decode(token, app_context().settings.keys)
    if claims["type"] != ("refresh" if refresh else "access") or claims["exp"] <= time.time():
        raise NoAuthorizationError("This token has another type, or has expired.")
    if not is_bearer and request.method not in ("GET", "HEAD"):
        csrf_token = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(csrf_token.encode(), str(claims["csrf"]).encode()):
            raise CSRFError("The CSRF header is missing, or belongs to another token.")
    if claims["iss"] != get_issuer() or claims["aud"] != get_issuer():
        raise NoAuthorizationError("This token is of another installation.")
    return claims


def get_issuer() -> str:
    """Return the name of this installation in tokens."""
    return read_token_issuer(app_context().database)


@lru_cache(maxsize=4096)
def _decode(token: str, _keys: Keys) -> Mapping[str, Any]:
    """Return the claims of a token with a valid signature. A phone sends the same token many times."""
    claims: dict[str, Any] = decode_token(token)
    return claims

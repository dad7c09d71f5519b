"""Keys for single purposes, derived from the secrets in the settings.

What is signed or encrypted for one purpose is never valid for another (HKDF, RFC 5869). The current secret
signs and encrypts. Previous secrets still verify and decrypt, so that the secret can be replaced while people
work.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32


class UnknownKey(Exception):
    """A value was encrypted with a secret that the settings no longer have, or for another purpose."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an installation. ``secret`` is the current secret, ``previous`` are the earlier ones."""

    secret: str = field(repr=False)
    previous: tuple[str, ...] = field(default=(), repr=False)

    def derive(self, purpose: str, size: int = KEY_BYTES) -> Sequence[bytes]:
        """Return the keys for a purpose, of ``size`` bytes each. The first signs, and all of them verify."""
        return [_derive(secret, purpose, size) for secret in (self.secret, *self.previous)]

    def encrypt(self, purpose: str, text: str) -> str:
        """Return a text encrypted, as it can be stored."""
        return MultiFernet(self._get_ciphers(purpose)).encrypt(text.encode()).decode()

    def decrypt(self, purpose: str, encrypted: str) -> str:
        """Return the text of what ``encrypt`` returned. Raises UnknownKey."""
        try:
            return MultiFernet(self._get_ciphers(purpose)).decrypt(encrypted).decode()
        except InvalidToken:
            raise UnknownKey(f"This value cannot be decrypted: {purpose}") from None

    def uses_current_secret(self, purpose: str, encrypted: str) -> bool:
        """Return whether a value was encrypted with the current secret."""
        try:
            self._get_ciphers(purpose)[0].decrypt(encrypted)
        except InvalidToken:
            return False
        return True

    def _get_ciphers(self, purpose: str) -> list[Fernet]:
        return [Fernet(base64.urlsafe_b64encode(key)) for key in self.derive(purpose)]


@lru_cache(maxsize=256)
def _derive(secret: str, purpose: str, size: int) -> bytes:
    return HKDF(SHA256(), size, salt=None, info=purpose.encode()).derive(secret.encode())

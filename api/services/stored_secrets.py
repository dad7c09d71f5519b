"""The secrets that the database stores encrypted. They are encrypted again when the program has a new one."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.keys import Keys, UnknownKey
from api.models.second_factors import SecondFactor
from api.services.people import second_factors

#: column of encrypted values → the purpose that they are encrypted for
ENCRYPTED: Mapping[InstrumentedAttribute[Any], str] = {SecondFactor.secret: second_factors.KEY_PURPOSE}


def reencrypt(session: Session, keys: Keys) -> tuple[int, int]:
    """Encrypt every stored secret with the current secret of the program, unless it is already.

    Returns how many were encrypted again, and how many cannot be decrypted with any secret in the settings.
    """
    done = failed = 0
    for column, purpose in ENCRYPTED.items():
        for encrypted in session.scalars(select(column)).all():
            if keys.uses_current_secret(purpose, encrypted):
                continue
            try:
                renewed = keys.encrypt(purpose, keys.decrypt(purpose, encrypted))
            except UnknownKey:
                failed += 1
                continue
            # The audit log does not see this statement: the secret stays the same.
            session.execute(update(column.class_).where(column == encrypted).values({column: renewed}))
            done += 1
    return done, failed

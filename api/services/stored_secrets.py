"""The secrets that the database stores encrypted. They are encrypted again when the program has a new one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.keys import Keys, UnknownKey
from api.models.second_factors import SecondFactor
from api.models.webhooks import Webhook
from api.services import webhooks
from api.services.people import second_factors

#: the primary key of a table, its column of encrypted values or of lists of them, and their purpose
ENCRYPTED: Sequence[tuple[InstrumentedAttribute[Any], InstrumentedAttribute[Any], str]] = (
    (SecondFactor.user_id, SecondFactor.secret, second_factors.KEY_PURPOSE),
    (Webhook.id, Webhook.secrets, webhooks.KEY_PURPOSE),
)


def reencrypt(session: Session, keys: Keys) -> tuple[int, int]:
    """Encrypt every stored secret with the current secret of the program, unless it is already.

    Returns in how many rows secrets were encrypted again, and how many cannot be decrypted with any secret in
    the settings.
    """
    done = failed = 0
    for row_id, column, purpose in ENCRYPTED:
        rows = session.execute(select(row_id, column).order_by(row_id).with_for_update()).all()
        for value, encrypted in rows:
            try:
                renewed = _reencrypt(encrypted, purpose, keys)
            except UnknownKey:
                failed += 1
                continue
            if renewed != encrypted:
                # The audit log does not see this statement: the secret stays the same.
                session.execute(update(column.class_).where(row_id == value).values({column: renewed}))
                done += 1
    return done, failed


def _reencrypt(encrypted: Any, purpose: str, keys: Keys) -> Any:
    if isinstance(encrypted, list):
        return [_reencrypt(item, purpose, keys) for item in encrypted]
    if keys.uses_current_secret(purpose, encrypted):
        return encrypted
    return keys.encrypt(purpose, keys.decrypt(purpose, encrypted))

"""The accounts of the demo that anyone can log in to, because their password is printed at every start."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.database.engines import Database
from api.models.users import User
from api.services.demo.people import PASSWORD, PEOPLE, Person
from api.services.people import links, passwords, sign_in


def list_people(database: Database) -> list[Person]:
    """Return the people of the demo who can log in with the known password; none if there is no demo."""
    emails = {user.email for user in _find_users(database) if not user.disabled}
    return [person for person in PEOPLE if person.email in emails]


def disable_password(database: Database) -> int:
    """End the sessions and the known password of the demo's people; return how many there were.

    They can log in again once an administrator has invited them or chosen another password.
    """
    users = _find_users(database)
    if users:
        database.write(lambda session: _remove_passwords(session, users))
    return len(users)


def _find_users(database: Database) -> list[User]:
    """Return the users, disabled ones too, who have the known password."""
    emails = [person.email for person in PEOPLE]
    with database.read_snapshot() as session:
        users = session.scalars(select(User).where(User.email.in_(emails), User.password_hash != "")).all()
    # Usually one hash, as they are created with the same. Hashing takes time, so no snapshot is open.
    hashes = {user.password_hash for user in users}
    known = {value for value in hashes if passwords.verify_password(PASSWORD, value)}
    return [user for user in users if user.password_hash in known]


def _remove_passwords(session: Session, users: Sequence[User]) -> None:
    hashes = {user.password_hash for user in users}
    query = select(User).where(User.id.in_([user.id for user in users]), User.password_hash.in_(hashes))
    for user in session.scalars(query.order_by(User.id).with_for_update()):
        user.password_hash = ""
        links.delete_links(session, user.id)
        sign_in.end_sessions(session, user.id)

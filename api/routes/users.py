"""People, for administrators."""

from typing import Any
from uuid import UUID

from flask import Response
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import current_actor, read_snapshot
from api.http.etags import IF_MATCH, require_match, resource_response
from api.http.paging import page_response
from api.http.responses import CREATED, ETAG
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction
from api.services.people import passwords, users
from schemas import users as schemas

routes = Routes("users", __name__, description="People")

USER = schemas.User()


@routes.get("/users", permission="administer people")
@routes.arguments(schemas.UsersQuery(), location="query")
@routes.response(200, schemas.USER_PAGE())
def list_users(query: dict[str, Any]) -> Response:
    """List the people of the organization, sorted by email address.

    People who are disabled stay in the list.
    """
    return page_response(
        users.list_users(read_snapshot(), current_actor(), **{"cursor": None, **query}), USER
    )


@routes.post("/users", permission="administer people", raises=[problems.ALREADY_EXISTS])
@routes.arguments(schemas.UserNew())
@routes.response(201, USER, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_user(body: dict[str, Any]) -> Response:
    """Add a person.

    They can log in with the email address and password at once.
    """
    password_hash = passwords.hash_password(body["password"])
    return create_resource(
        lambda session: users.create_user(session, current_actor(), body, password_hash),
        USER.dump,
        lambda person: f"/api/v1/users/{person.user.id}",
    )


@routes.get("/users/<uuid:user_id>", permission="administer people", raises=[problems.USER_NOT_FOUND])
@routes.response(200, USER)
def get_user(user_id: UUID) -> users.Person:
    """Get a person.

    The response never contains the password.
    """
    return users.get_person(read_snapshot(), users.get_user(read_snapshot(), current_actor(), user_id))


@routes.patch(
    "/users/<uuid:user_id>",
    permission="administer people",
    raises=[problems.USER_NOT_FOUND, problems.ALREADY_EXISTS, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.arguments(schemas.UserEdit(partial=True))
@routes.response(200, USER, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_user(body: dict[str, Any], user_id: UUID) -> Response:
    """Change a person.

    Omitted fields stay as they are. `"disabled": true` or a new password ends their sessions.
    """
    password_hash = passwords.hash_password(body["password"]) if "password" in body else None

    def edit(session: Session) -> users.Person:
        user = users.get_user(session, current_actor(), user_id, lock=True)
        require_match(USER.dump, users.get_person(session, user))
        return users.update_user(session, current_actor(), user, body, password_hash)

    return resource_response(USER.dump(in_transaction(edit)))

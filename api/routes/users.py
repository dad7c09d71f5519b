"""People, for administrators."""

from typing import Any
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from api.domain import problems
from api.http.access import Routes
from api.http.context import app_context, close_read_snapshot, current_actor, read_snapshot
from api.http.etags import IF_MATCH, live_response, require_match
from api.http.imports import describe_csv, run_import
from api.http.paging import page_response
from api.http.responses import CREATED, ETAG, empty_response, json_response
from api.http.transactions import IDEMPOTENCY_KEY, create_resource, in_transaction
from api.models.account_links import AccountLink
from api.services import organizations, photos
from api.services.people import accounts, deletion, links, passwords, user_imports, users
from schemas import accounts as account_schemas
from schemas import users as schemas
from schemas.imports import ImportQuery, ImportResult

routes = Routes("users", __name__, description="People")

USER, INVITATION = schemas.User(), account_schemas.Invitation()
USER_ROW, IMPORTED = schemas.UserRow(), ImportResult()
_IMPORT_EXAMPLE = """\
email,name,role,region_codes,language
ana@example.com,Ana Silva,shopper,,es
sam@example.com,Sam Lee,manager,UK-S UK-N,en
"""
#: the fields that PATCH changes; a login in the meantime does not make If-Match stale
EDITED = tuple(name for name in schemas.UserEdit().fields if name != "password")


@routes.get("/users", permission="administer people")
@routes.arguments(schemas.UsersQuery(), location="query")
@routes.response(200, schemas.USER_PAGE())
def list_users(query: dict[str, Any]) -> Response:
    """List the people of the organization, sorted by email address.

    People who are disabled stay in the list. `q` finds them by a part of their name or email address.
    """
    return page_response(
        users.list_users(read_snapshot(), current_actor(), **{"cursor": None, **query}), USER
    )


@routes.post(
    "/users", permission="administer people", raises=[problems.ALREADY_EXISTS, problems.TOO_MANY_PASSWORDS]
)
@routes.arguments(schemas.UserNew())
@routes.response(201, USER, headers=CREATED)
@routes.doc(parameters=[IDEMPOTENCY_KEY])
def create_user(body: dict[str, Any]) -> Response:
    """Add a person.

    With a password, they can log in at once. With `"invite": true`, they choose one themselves: they get a
    link by mail. If no mail server is set, `POST /users/{user_id}/invitation` returns a link to copy.
    """
    actor, keys = current_actor(), app_context().settings.keys
    password_hash = ""
    if not body["invite"]:
        organization = organizations.get_organization(read_snapshot(), actor)
        passwords.check_password("/password", body["password"], body["email"], organization.name)
        # Hashing takes time; no snapshot stays open meanwhile.
        close_read_snapshot()
        password_hash = passwords.hash_password(body["password"])

    def create(session: Session) -> users.Person:
        if body["invite"]:
            return users.invite_user(session, actor, body, keys)
        return users.create_user(session, actor, body, password_hash)

    return create_resource(create, USER.dump, lambda person: f"/api/v1/users/{person.user.id}", edited=EDITED)


@routes.post("/users/import", permission="administer people", raises=[problems.ALREADY_EXISTS])
@routes.arguments(ImportQuery(), location="query")
@routes.response(200, IMPORTED)
@routes.alt_response(201, schema=IMPORTED)
@routes.doc(parameters=[IDEMPOTENCY_KEY], requestBody=describe_csv(_IMPORT_EXAMPLE))
def import_users(query: dict[str, Any]) -> Response:
    """Add or update the people of a CSV file, as `POST /locations/import` does for locations.

    Required columns: `email`, `name`, `role`. Optional columns: `language`, and `region_codes` and
    `location_codes`, which are separated by spaces and only for managers. People are found by their email
    address, and those who are new are invited.
    """
    keys = app_context().settings.keys
    return run_import(
        query,
        user_imports.COLUMNS,
        USER_ROW,
        IMPORTED,
        lambda session, file: user_imports.plan_user_import(session, current_actor(), file),
        lambda session, plan: user_imports.store_users(session, current_actor(), plan, keys),
    )


@routes.get("/users/<uuid:user_id>", permission="administer people", raises=[problems.USER_NOT_FOUND])
@routes.response(200, USER)
def get_user(user_id: UUID) -> Response:
    """Get a person.

    The response never contains the password.
    """
    user = users.get_user(read_snapshot(), current_actor(), user_id)
    return live_response(USER.dump(users.get_person(read_snapshot(), user)), EDITED)


@routes.patch(
    "/users/<uuid:user_id>",
    permission="administer people",
    raises=[
        problems.USER_NOT_FOUND,
        problems.ALREADY_EXISTS,
        problems.LAST_ADMIN,
        problems.TOO_MANY_PASSWORDS,
        problems.STALE,
        problems.IF_MATCH_REQUIRED,
    ],
)
@routes.arguments(schemas.UserEdit(partial=True))
@routes.response(200, USER, headers=ETAG)
@routes.doc(parameters=[IF_MATCH])
def edit_user(body: dict[str, Any], user_id: UUID) -> Response:
    """Change a person.

    Omitted fields stay as they are. `"disabled": true` ends their sessions, and so does a new email address,
    role or password. Links that went to an earlier address are no longer valid, so invite the person again.
    The last active administrator can be neither disabled nor given another role.
    """
    password_hash = None
    if "password" in body:
        user = users.get_user(read_snapshot(), current_actor(), user_id)
        accounts.check_password(read_snapshot(), "/password", body["password"], user, email=body.get("email"))
        close_read_snapshot()
        password_hash = passwords.hash_password(body["password"])

    def edit(session: Session) -> users.Person:
        user = users.get_user(session, current_actor(), user_id, lock=True)
        require_match(USER.dump, users.get_person(session, user), edited=EDITED)
        return users.update_user(session, current_actor(), user, body, password_hash)

    return live_response(USER.dump(in_transaction(edit, also_for=[user_id])), EDITED)


@routes.delete(
    "/users/<uuid:user_id>",
    permission="administer people",
    raises=[problems.USER_NOT_FOUND, problems.LAST_ADMIN, problems.STALE, problems.IF_MATCH_REQUIRED],
)
@routes.response(204)
@routes.doc(parameters=[IF_MATCH])
def delete_user(user_id: UUID) -> Response:
    """Delete a person permanently.

    Name, email address, sessions and everything else that identifies them are removed, also from the evidence
    of their visits and from the audit log. Visits, answers, photos and scores stay, without who made them.
    Visits that are still assigned to them are cancelled. To block a person without deleting anything, send
    `"disabled": true` instead. The last active administrator cannot be deleted.
    """

    def delete(session: Session) -> list[str]:
        user = users.get_user(session, current_actor(), user_id, lock=True)
        require_match(USER.dump, users.get_person(session, user), edited=EDITED)
        return deletion.delete_person(session, user)

    for key in in_transaction(delete):
        photos.discard(app_context().store, key)
    app_context().database.empty_log()
    return empty_response()


@routes.post(
    "/users/<uuid:user_id>/invitation",
    permission="administer people",
    raises=[problems.USER_NOT_FOUND, problems.USER_DISABLED],
)
@routes.response(201, INVITATION)
def invite_user(user_id: UUID) -> Response:
    """Invite a person to choose a password.

    The link is valid for 7 days, and replaces the one of an earlier invitation. It goes to them by mail. If
    no mail server is set, the response contains it, only this once. Someone who has a password already can
    choose a new one with it.
    """
    settings = app_context().settings

    def invite(session: Session) -> AccountLink:
        user = users.get_user(session, current_actor(), user_id, lock=True)
        return accounts.invite(session, user, settings.keys)

    link = in_transaction(invite)
    is_sent = settings.smtp_url is not None
    base = settings.public_url or request.host_url.rstrip("/")
    url = None if is_sent else links.build_url(link, settings.keys, base)
    body = {"sent": is_sent, "expires_at": link.expires_at, "link": url}
    response = json_response(INVITATION.dump(body), 201)
    response.headers["Cache-Control"] = "no-store"
    return response

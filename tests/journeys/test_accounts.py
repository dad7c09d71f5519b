"""How people get into their accounts: invitations, forgotten passwords, sessions, and their own profile."""

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from api.jobs.mails.sender import MAX_AGE
from api.models.account_links import AccountLink
from api.models.base import now
from api.models.events import Event
from api.models.sign_in import TokenFamily
from api.services import events
from api.services.people import login_limits
from api.services.people.passwords import check_password
from tests.support.mailbox import PUBLIC_URL, Mailbox, find_link, read_text, send_mails
from tests.support.world import PASSWORD, Caller, World, ok, pointers, problem

NEW_PASSWORD = "three calm elephants"


pytestmark = [pytest.mark.usefixtures("no_earlier_mails"), pytest.mark.one_database]


def waiting_mails(world: World) -> list[Event]:
    with world.database.read_snapshot() as session:
        return list(session.scalars(select(Event).where(events.IS_MAIL)))


def invite(world: World, **values: Any) -> Any:
    body = {"email": f"{uuid.uuid4()}@example.org", "name": "Ana", "role": "shopper", "invite": True}
    return ok(world.admin.post("/users", {**body, **values}), 201)


def copy_link(world: World, user_id: str) -> str:
    """Return the token of a new invitation."""
    response = world.admin.post(f"/users/{user_id}/invitation")
    invitation = ok(response, 201)
    assert invitation["sent"] is False
    assert response.headers["Cache-Control"] == "no-store"
    page, token = invitation["link"].split("#")
    assert page == "http://localhost/invitation"
    return token


def accept(world: World, token: str, **values: Any) -> Any:
    body = {"token": token, "name": "Ana Silva", "password": NEW_PASSWORD, **values}
    return world.anonymous.post("/auth/invitation", body)


def log_in(world: World, email: str, password: str, **options: Any) -> Any:
    body = {"email": email, "password": password, "organization": world.name}
    return world.anonymous.post(
        "/auth/login", body, environ_base={"REMOTE_ADDR": str(uuid.uuid4())}, **options
    )


def expire_links(world: World, user_id: str) -> None:
    change = update(AccountLink).where(AccountLink.user_id == uuid.UUID(user_id))
    world.database.write(lambda session: session.execute(change.values(expires_at=now())))


# Invitations.


def test_invited_person_chooses_a_password_and_logs_in(world: World) -> None:
    person = invite(world)
    assert (person["status"], person["last_login_at"]) == ("invited", None)
    days = datetime.fromisoformat(person["invitation_expires_at"]) - now()
    assert timedelta(days=6.9) < days < timedelta(days=7)
    problem(log_in(world, person["email"], ""), 401, "wrong-credentials")
    token = copy_link(world, person["id"])
    assert accept(world, token).status_code == 204
    ok(log_in(world, person["email"], NEW_PASSWORD), 200)
    person = ok(world.admin.get(f"/users/{person['id']}"))
    assert (person["name"], person["status"], person["invitation_expires_at"]) == (
        "Ana Silva",
        "active",
        None,
    )
    assert now() - datetime.fromisoformat(person["last_login_at"]) < timedelta(minutes=1)


@pytest.mark.both_databases
def test_link_works_once_until_it_expires_or_is_replaced(world: World) -> None:
    user_id = invite(world)["id"]
    first, second = copy_link(world, user_id), copy_link(world, user_id)
    for token in (first, "forged", second[:-1], f"{second}x"):
        problem(accept(world, token), 410, "link-expired")
    expire_links(world, user_id)
    problem(accept(world, second), 410, "link-expired")
    third = copy_link(world, user_id)
    ok(world.admin.patch(f"/users/{user_id}", {"disabled": True}))
    problem(accept(world, third), 410, "link-expired")
    problem(world.admin.post(f"/users/{user_id}/invitation"), 409, "user-disabled")
    ok(world.admin.patch(f"/users/{user_id}", {"disabled": False}))
    with ThreadPoolExecutor(3) as threads:
        responses = list(threads.map(lambda _: accept(world, third), range(3)))
    assert sorted(response.status_code for response in responses) == [204, 410, 410]


def test_link_that_went_to_an_earlier_address_is_no_longer_valid(world: World, mailbox: Mailbox) -> None:
    user_id, shopper = invite(world)["id"], world.shopper
    token = copy_link(world, user_id)
    ok(world.admin.patch(f"/users/{user_id}", {"name": "Ana"}))
    ok(world.admin.patch(f"/users/{user_id}", {"email": f"{uuid.uuid4()}@example.org"}))
    problem(accept(world, token), 410, "link-expired")
    assert ok(world.admin.get(f"/users/{user_id}"))["invitation_expires_at"] is None
    assert accept(world, copy_link(world, user_id)).status_code == 204

    ok(world.anonymous.post("/auth/password-reset", {"email": shopper.email}))
    send_mails(world, mailbox.url)
    token = find_link(mailbox.wait_for(shopper.email or "")).split("#")[1]
    ok(world.admin.patch(f"/users/{shopper.id}", {"email": f"{uuid.uuid4()}@example.org"}))
    response = world.anonymous.post("/auth/password", {"token": token, "password": NEW_PASSWORD})
    problem(response, 410, "link-expired")


def test_database_has_no_token_that_works(world: World) -> None:
    user_id = invite(world)["id"]
    token = copy_link(world, user_id)
    with world.database.read_snapshot() as session:
        link = session.scalars(select(AccountLink).where(AccountLink.user_id == uuid.UUID(user_id))).one()
    for stored in (str(link.id), link.token_sha256):
        problem(accept(world, stored), 410, "link-expired")
    assert accept(world, token).status_code == 204


def test_person_has_either_a_password_or_an_invitation(world: World) -> None:
    body = {"email": "x@example.org", "name": "X", "role": "shopper"}
    for values, name in (({}, "password"), ({"invite": True, "password": NEW_PASSWORD}, "invite")):
        response = world.admin.post("/users", {**body, **values})
        assert pointers(problem(response, 422, "invalid")) == [f"/{name}"]


def test_person_with_a_password_can_be_let_in_by_a_link_too(world: World) -> None:
    token = copy_link(world, world.shopper.id or "")
    ok(world.shopper.get("/me"))
    assert accept(world, token).status_code == 204
    problem(world.shopper.get("/me"), 401, "not-signed-in")
    ok(log_in(world, world.shopper.email or "", NEW_PASSWORD), 200)


# Passwords.


@pytest.mark.parametrize(
    "password",
    [
        *(
            "password123",
            "12345678",
            "qwertyuiop",
            "iloveyou!",
            "P@ssw0rd",
            "TRUSTNO1",
            "88888888",
            "jennifer",
        ),
        # These are common without any pattern.
        *("fqrg7cs493", "3ODI15ngxb", " zag12wsx "),
    ],
)
def test_common_password_is_rejected(world: World, password: str) -> None:
    body = {"old_password": PASSWORD, "new_password": password}
    assert pointers(problem(world.shopper.post("/me/password", body), 422, "invalid")) == ["/new_password"]


@pytest.mark.parametrize(
    "password",
    [
        "three calm elephants",
        "correct horse battery staple",
        "x7Kq2#mVt9pL",
        "unos gatos muy verdes",
        "日本語のとても長い文",
    ],
)
def test_good_password_is_accepted(password: str) -> None:
    check_password("/password", password, "ana@example.org", "Stores")


def test_guesses_are_estimated_only_where_that_is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    estimated: list[str] = []
    monkeypatch.setattr("zxcvbn.zxcvbn", lambda password: estimated.append(password) or {"guesses": 1e9})
    letters, symbols = "abcdefghijklmnopqrst" * 13, "4@8({[<6911|!7$5+%2x"
    quick = [letters[:20], symbols[:12] + "bcdefghi"]
    for password in (*quick, letters[:21], letters[:256], symbols):
        check_password("/password", password, "ana@example.org", "Stores")
    assert estimated == quick


def test_password_that_names_the_person_or_the_organization_is_rejected_everywhere(world: World) -> None:
    token, email = copy_link(world, world.shopper.id or ""), world.shopper.email or ""
    new = {"email": "some.one@example.org", "name": "X", "role": "shopper"}
    for response, name in (
        (world.admin.post("/users", {**new, "password": "Some.One@example.org"}), "password"),
        (world.admin.post("/users", {**new, "password": world.name.upper()}), "password"),
        (world.admin.patch(f"/users/{world.shopper.id}", {"password": email}), "password"),
        (
            world.admin.patch(
                f"/users/{world.shopper.id}", {"email": new["email"], "password": new["email"]}
            ),
            "password",
        ),
        (accept(world, token, password=email), "password"),
        (
            world.shopper.post("/me/password", {"old_password": PASSWORD, "new_password": world.name}),
            "new_password",
        ),
    ):
        assert pointers(problem(response, 422, "invalid")) == [f"/{name}"]
    ok(log_in(world, email, PASSWORD), 200)
    assert accept(world, token, password="x" + "ä" * 255).status_code == 204


# Mails.


def test_invitation_and_reset_arrive_by_mail(world: World, mailbox: Mailbox) -> None:
    person = invite(world, language="es", name="Núria")
    send_mails(world, mailbox.url)
    message = mailbox.wait_for(person["email"])
    assert message["From"] == "Survey <survey@survey.example>"
    assert message["Subject"] == f"Su invitación de {world.name}"
    assert "Hola, Núria:" in read_text(message)
    assert '<html lang="es">' in read_text(message, "html")
    page, token = find_link(message).split("#")
    assert page == f"{PUBLIC_URL}/invitation"
    assert accept(world, token).status_code == 204

    session = Caller(world.app, token=ok(log_in(world, person["email"], NEW_PASSWORD))["access_token"])
    request = {"email": f" {person['email'].upper()}", "organization": world.name}
    assert world.anonymous.post("/auth/password-reset", request).status_code == 202
    send_mails(world, mailbox.url)
    page, token = find_link(mailbox.wait_for(person["email"], 2)).split("#")
    assert page == f"{PUBLIC_URL}/password"
    problem(accept(world, token), 410, "link-expired")  # it is for another purpose
    body = {"token": token, "password": "four other elephants"}
    assert world.anonymous.post("/auth/password", body).status_code == 204
    problem(world.anonymous.post("/auth/password", body), 410, "link-expired")
    problem(session.get("/me"), 401, "not-signed-in")
    ok(log_in(world, person["email"], "four other elephants"), 200)
    send_mails(world, mailbox.url)
    message = mailbox.wait_for(person["email"], 3)
    assert message["Subject"] == f"Se ha cambiado su contraseña de {world.name}"
    log = world.admin.list_all(f"/audit?subject={person['id']}")
    actions = [(entry["action"], (entry["actor"] or {}).get("id")) for entry in reversed(log)]
    assert actions == [
        ("user.created", world.admin.id),
        ("user.updated", person["id"]),  # the name and the first password
        ("user.logged_in", person["id"]),
        ("user.password_forgotten", None),
        ("user.password_changed", person["id"]),
        ("user.logged_in", person["id"]),
    ]


def test_reset_is_mailed_to_every_enabled_account_once_in_a_while(world: World, mailbox: Mailbox) -> None:
    """A request never shows whether there is an account: it stores the same event for any address."""
    other_world = World(world.app)
    name = f"twice-{uuid.uuid4()}"
    twice, _ = world.person("shopper", name), other_world.person("shopper", name)
    disabled, invited = world.person("shopper"), invite(world)
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))
    expire_links(world, invited["id"])
    world.database.write(
        lambda session: session.execute(update(AccountLink).values(created_at=now() - timedelta(minutes=6)))
    )
    send_mails(world, mailbox.url)
    for _ in range(2):
        for email in (twice.email, disabled.email, invited["email"], "nobody@example.org"):
            before = len(waiting_mails(world))
            response = world.anonymous.post("/auth/password-reset", {"email": email})
            assert (response.status_code, response.data) == (202, b"")
            assert len(waiting_mails(world)) == before + 1
        send_mails(world, mailbox.url)
    subjects = sorted(str(message["Subject"]).strip() for message in mailbox.find(twice.email or ""))
    assert subjects == sorted(f"Choose a new password for {name}" for name in (world.name, other_world.name))
    assert mailbox.find(disabled.email or "") == mailbox.find("nobody@example.org") == []
    subjects = [str(message["Subject"]).strip() for message in mailbox.find(invited["email"])]
    assert subjects == [f"Your invitation from {world.name}"]


def test_many_requests_from_one_address_have_no_effect(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login_limits, "MAX_RESETS", 2)
    for address, expected in (("192.0.2.1", 1), ("192.0.2.1", 2), ("192.0.2.1", 2), ("192.0.2.2", 3)):
        options = {"environ_base": {"REMOTE_ADDR": f"{address}/{world.name}"}}
        response = world.anonymous.post("/auth/password-reset", {"email": "nobody@example.org"}, **options)
        assert (response.status_code, response.data) == (202, b"")
        assert len(waiting_mails(world)) == expected


def test_mail_waits_for_the_server_and_is_given_up_at_last(world: World, mailbox: Mailbox) -> None:
    person = invite(world)
    send_mails(world, "smtp://127.0.0.1:9")
    (event,) = waiting_mails(world)
    assert (event.attempts, event.last_error) == (1, "ConnectionRefusedError")
    assert event.due_at > now()

    def change(**values: Any) -> None:
        world.database.write(
            lambda session: session.execute(update(Event).where(Event.id == event.id).values(**values))
        )

    change(due_at=now())
    send_mails(world, mailbox.url)
    assert mailbox.wait_for(person["email"])["Message-ID"] == f"<{event.id}@survey.example>"
    assert waiting_mails(world) == []
    invite(world)
    (event,) = waiting_mails(world)
    change(created_at=now() - MAX_AGE)
    send_mails(world, "smtp://127.0.0.1:9")
    assert waiting_mails(world) == []


def test_mail_that_no_server_takes_is_not_sent_again(world: World, mailbox: Mailbox) -> None:
    people = [invite(world, email=f"{name}{uuid.uuid4()}@example.org") for name in ("rejected", "a,b", "ü")]
    send_mails(world, mailbox.url)
    assert waiting_mails(world) == []
    assert all(mailbox.find(person["email"]) == [] for person in people)


def test_mail_of_a_link_that_was_used_or_has_expired_is_not_sent(world: World, mailbox: Mailbox) -> None:
    used, expired = invite(world), invite(world)
    assert accept(world, copy_link(world, used["id"])).status_code == 204
    expire_links(world, expired["id"])
    send_mails(world, mailbox.url)
    assert waiting_mails(world) == []
    assert mailbox.find(used["email"]) == mailbox.find(expired["email"]) == []


def test_mails_are_discarded_without_a_server(world: World) -> None:
    invite(world)
    ok(world.anonymous.post("/auth/password-reset", {"email": world.shopper.email}))
    send_mails(world, None)
    assert waiting_mails(world) == []


def test_names_cannot_add_headers_or_markup(world: World, mailbox: Mailbox) -> None:
    person = invite(world, name="Ana\r\nBcc: all@example.org <b>")
    send_mails(world, mailbox.url)
    message = mailbox.wait_for(person["email"])
    assert message["Bcc"] is None
    assert "Ana Bcc: all@example.org &lt;b&gt;" in read_text(message, "html")


# Sessions, and the own profile.


def test_sessions_are_listed_and_ended(world: World) -> None:
    headers = {"User-Agent": "Mozilla/5.0 (Windows NT 10.0; rv:146.0) Gecko/20100101 Firefox/146.0"}
    pair = ok(log_in(world, world.shopper.email or "", PASSWORD, headers=headers))
    caller = Caller(world.app, token=pair["access_token"])
    sessions = caller.list_all("/me/sessions", 1)
    assert [(row["device"], row["current"]) for row in sessions] == [
        ("Firefox on Windows", True),
        (None, False),
    ]
    assert set(sessions[0]) == {"id", "created_at", "last_used_at", "device", "current"}
    path = f"/me/sessions/{sessions[1]['id']}"
    problem(world.reviewer.call("DELETE", path), 404, "session-not-found")
    assert caller.call("DELETE", path).status_code == 204
    problem(caller.call("DELETE", path), 404, "session-not-found")
    problem(world.shopper.get("/me"), 401, "not-signed-in")
    assert [row["id"] for row in caller.list_all("/me/sessions")] == [sessions[0]["id"]]


def test_session_ends_60_days_after_the_login(world: World) -> None:
    pair = ok(log_in(world, world.shopper.email or "", PASSWORD))
    (family, *_) = Caller(world.app, token=pair["access_token"]).list_all("/me/sessions")

    def age(minutes: float) -> None:
        """Let only these minutes of the session remain."""
        change = update(TokenFamily).where(TokenFamily.id == uuid.UUID(family["id"]))
        end = now() + timedelta(minutes=minutes)
        world.database.write(lambda session: session.execute(change.values(expires_at=end)))

    age(5)
    pair = ok(Caller(world.app, token=pair["refresh_token"]).post("/auth/refresh"))
    assert 0 < pair["expires_in"] <= 300
    age(0)
    problem(Caller(world.app, token=pair["refresh_token"]).post("/auth/refresh"), 401, "not-signed-in")


def test_people_change_their_own_name_and_language(world: World) -> None:
    tag = world.shopper.get("/me").headers["ETag"]
    me = ok(world.shopper.patch("/me", {"name": "Sam", "language": "es"}))
    assert (me["name"], me["language"]) == ("Sam", "es")
    assert ok(world.shopper.get("/me")) == me
    problem(world.shopper.patch("/me", {"name": "X"}, headers={"If-Match": tag}), 412, "stale")
    problem(world.shopper.patch("/me", {"name": "X"}, headers={}), 428, "if-match-required")
    assert ok(world.shopper.patch("/me", {"language": None}))["name"] == "Sam"
    for body in ({"language": "xx"}, {"name": None}, {"email": "x@example.org"}, {"role": "admin"}):
        response = world.shopper.patch("/me", body)
        assert pointers(problem(response, 422, "invalid")) == [f"/{next(iter(body))}"]


# The list of people.


def test_people_are_found_by_status_and_by_a_part_of_name_or_address(world: World) -> None:
    invited, disabled = invite(world, name="Zoë 100%"), world.person("shopper", "zoltan")
    ok(world.admin.patch(f"/users/{disabled.id}", {"disabled": True}))

    def find(query: str) -> list[str]:
        return [row["id"] for row in world.admin.list_all(f"/users?{query}")]

    assert find("status=invited") == [invited["id"]]
    assert find("status=disabled") == [disabled.id]
    assert find("status=active") == [world.admin.id]
    assert find("q=ZO&status=disabled") == [disabled.id]
    assert set(find("q=zo")) == {invited["id"], disabled.id}
    assert find(f"q={invited['email'][:12]}") == [invited["id"]]
    assert find("q=0%25") == [invited["id"]] and find("q=%25_") == []


def test_visits_in_progress_are_counted_and_do_not_make_an_edit_stale(world: World) -> None:
    path = f"/users/{world.shopper.id}"
    tag = world.admin.get(path).headers["ETag"]
    visits = [world.visit() for _ in range(3)]
    ok(world.admin.post(f"/visits/{visits[0]['id']}/cancel"))
    ok(world.send(visits[1], world.submission()), 201)  # accepted at once
    (row,) = ok(world.admin.get(f"/users?email={world.shopper.email}"))["items"]
    assert row["visits_in_progress"] == 1
    ok(log_in(world, world.shopper.email or "", PASSWORD), 200)
    assert world.admin.get(path).headers["ETag"] != tag
    ok(world.admin.patch(path, {"name": "Edited"}, headers={"If-Match": tag}))


@pytest.mark.parametrize("language", ["en", "es"])
def test_texts_of_mails_have_the_same_parts_in_each_language(language: str) -> None:
    from api.jobs.mails.words import en, es

    texts = {"en": en.TEXTS, "es": es.TEXTS}[language]
    assert texts.keys() == en.TEXTS.keys()
    for kind, text in texts.items():
        names = [set(re.findall(r"{\w+}", str(part))) for part in text]
        assert names == [set(re.findall(r"{\w+}", str(part))) for part in en.TEXTS[kind]]
        assert all(text[:3])

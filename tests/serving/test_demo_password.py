"""The password of the demo, which everyone knows: who can use it is printed, and DEMO=0 ends it."""

import uuid
from dataclasses import replace

import pytest
from sqlalchemy import update

from api.models.users import User
from api.services import demo
from api.serving import start
from tests.support.world import PASSWORD_HASH, QUICK_HASHER, World, log_in, ok, problem

ADMIN, REVIEWER, SHOPPER = demo.PEOPLE[0], demo.PEOPLE[1], demo.PEOPLE[-1]


def print_start(world: World, capsys: pytest.CaptureFixture[str], **settings: object) -> str:
    """Prepare a start with other settings, and return what is printed."""
    context = world.app.extensions["survey"]
    start._prepare(replace(context, settings=replace(context.settings, **settings)))
    return capsys.readouterr().out


def test_start_without_demo_ends_the_password_that_everyone_knows(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    known_hash = QUICK_HASHER.hash(demo.PASSWORD)
    people = ((world.admin, ADMIN), (world.reviewer, REVIEWER), (world.shopper, SHOPPER))

    def make_demo(session: object) -> None:
        for caller, person in people:
            own_hash = PASSWORD_HASH if person is REVIEWER else known_hash
            values = {"email": person.email, "password_hash": own_hash}
            session.execute(update(User).where(User.id == uuid.UUID(caller.id)).values(**values))

    world.database.write(make_demo)
    for caller, person in people:
        caller.email = person.email
    ok(log_in(world.admin, demo.PASSWORD), 200)

    output = print_start(world, capsys, demo=True)
    assert f"the password {demo.PASSWORD}" in output and "Only this computer can reach the demo" in output
    assert ADMIN.email in output and SHOPPER.email in output
    assert REVIEWER.email not in output  # has chosen a password
    assert "WARNING" in print_start(world, capsys, demo=True, host="0.0.0.0")

    output = print_start(world, capsys, demo=False)
    assert "WARNING: DEMO is 0, but the database has demo data. 2 of its people" in output
    assert demo.PASSWORD not in output
    for caller in (world.admin, world.shopper):
        problem(log_in(caller, demo.PASSWORD), 401, "wrong-credentials")
        problem(caller.get("/me"), 401, "not-signed-in")
    ok(world.reviewer.get("/me"))
    ok(log_in(world.reviewer), 200)
    assert "WARNING" not in print_start(world, capsys, demo=False)
    assert demo.PASSWORD not in print_start(world, capsys, demo=True)


@pytest.mark.parametrize(
    ("host", "is_warned"),
    [
        ("127.0.0.1", False),
        ("127.1.2.3", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.0.2.1", True),
        ("survey.example", True),
    ],
)
def test_demo_that_others_can_reach_is_warned_about(host: str, is_warned: bool) -> None:
    assert start._describe_exposure(host).startswith("WARNING") == is_warned

"""The command that creates an administrator: it accepts the passwords that the API accepts."""

import uuid

import pytest

from tests.support.world import Caller, World, log_in, ok


def create_admin(world: World, email: str, password: str) -> str | None:
    """Run the command, and return its error message if it fails."""
    arguments = ["admin", "create", email, "--organization", world.name]
    result = world.app.test_cli_runner().invoke(args=arguments, env={"ADMIN_PASSWORD": password})
    assert result.exit_code == (1 if result.output.startswith("Error: ") else 0), result
    return result.output if result.exit_code else None


def test_administrator_who_was_created_can_log_in(world: World) -> None:
    email = f"{uuid.uuid4()}@example.org"
    assert create_admin(world, email, "three calm elephants") is None
    ok(log_in(Caller(world.app, email=email), "three calm elephants"), 200)


@pytest.mark.parametrize("app", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short", "8"),
        ("long" * 65, "256"),
        ("        ", "blank"),
        ("password123", "others can guess it"),
        ("fqrg7cs493", "others can guess it"),
        ("me@example.org", "neither the email address"),
    ],
)
def test_password_that_the_api_rejects_is_rejected(world: World, password: str, reason: str) -> None:
    error = create_admin(world, "me@example.org", password)
    assert error is not None and reason in error

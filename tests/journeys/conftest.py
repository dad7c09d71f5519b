"""A mail server for the tests that read mails."""

from collections.abc import Iterator

import pytest
from sqlalchemy import delete

from api.models.events import Event
from api.services import events
from tests.support.mailbox import Mailbox, running_mailbox
from tests.support.world import World


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with running_mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def no_earlier_mails(world: World) -> None:
    """Remove the mails that other tests of the same database left."""
    world.database.write(lambda session: session.execute(delete(Event).where(events.IS_MAIL)))

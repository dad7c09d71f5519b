"""Migrations create the tables of the models and remove them again, on both databases."""

import base64
import hmac
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, column, inspect, select
from sqlalchemy import table as describe_table
from sqlalchemy.orm import Session

from api import migrations
from api.database.engines import Database
from api.keys import Keys
from api.models import Base
from api.models.audit import AuditEntry
from api.models.base import now
from api.models.notices import Announcement
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.scores import SHARED_ANSWERS, Subject, Total
from api.models.users import User
from api.models.webhooks import Webhook
from api.services.audit import recording
from api.services.organizations import create_organization
from api.services.people import accounts
from api.services.webhooks import KEY_PURPOSE
from tests.support import servers


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        url = servers.new_database(request.getfixturevalue("postgres_url"))
    database = Database(url)
    yield database
    database.close()


def tables(database: Database) -> set[str]:
    return set(inspect(database.reading_engine).get_table_names())


def test_revisions_have_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrations.configuration(None)).get_heads()) == 1


def test_upgrade_creates_the_tables_of_the_models(empty: Database) -> None:
    migrations.upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}
    with empty.reading_engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_constraints_are_those_of_the_models(empty: Database) -> None:
    migrations.upgrade(empty)
    inspector = inspect(empty.reading_engine)
    for name, table in Base.metadata.tables.items():
        checks = {str(check.name) for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {str(check["name"]) for check in inspector.get_check_constraints(name)} == checks, name
        keys = {str(key.name) for key in table.foreign_key_constraints}
        assert {str(key["name"]) for key in inspector.get_foreign_keys(name)} == keys, name


def test_second_upgrade_changes_nothing(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}


def test_downgrade_removes_all_tables(empty: Database) -> None:
    migrations.upgrade(empty)
    with empty.writing_engine.begin() as connection:
        command.downgrade(migrations.configuration(connection), "base")
    assert tables(empty) == {"alembic_version"}
    migrations.upgrade(empty)
    assert tables(empty) == {*Base.metadata.tables, "alembic_version"}


def test_people_and_checklists_survive_a_downgrade_and_an_upgrade(empty: Database) -> None:
    migrations.upgrade(empty)
    recording.watch(empty)

    def fill(session: Session) -> uuid.UUID:
        organization = create_organization(session, "Harbour Stores")
        active, invited = (
            User(
                id=uuid.uuid4(),
                organization_id=organization.id,
                email=f"{name}@example.org",
                name=name,
                role="shopper",
                password_hash=password_hash,
            )
            for name, password_hash in (("Ana", "hash"), ("Sam", ""))
        )
        session.add_all([active, invited])
        session.flush()
        accounts.invite_new(session, [invited], Keys("secret"))
        return invited.id

    user_id = empty.write(fill)
    with empty.writing_engine.begin() as connection:
        command.downgrade(migrations.configuration(connection), "0011")
        hashes = connection.exec_driver_sql("SELECT password_hash FROM users").scalars().all()
    # The earlier program takes an empty hash for that of an account that does not exist.
    assert sorted(hashes) == ["hash", "invited"]
    migrations.upgrade(empty)
    with empty.read_snapshot() as session:
        assert session.get_one(User, user_id).password_hash == ""
        assert session.scalar(select(AuditEntry.id)) is None


def test_webhooks_of_an_earlier_release_keep_their_secrets(empty: Database) -> None:
    migrations.upgrade(empty, "0020")
    webhook_id, keys = uuid.uuid4(), Keys("the secret of the earlier release")
    replacements = [f"2026-01-0{day}T00:00:00+00:00" for day in (1, 2)]
    organization = {"name": "Harbour Stores", "id": uuid.uuid4(), "lockout_days": 30, "created_at": now()}
    row = {
        "id": webhook_id,
        "organization_id": organization["id"],
        "creator_id": uuid.uuid4(),
        "created_by_client": False,
        "url": "https://receiver.example",
        "events": [],
        "status": "enabled",
        "secret_replacements": replacements,
        "created_at": now(),
    }

    def add(session: Session) -> None:
        table = Organization.__table__
        # Only its columns of that release.
        organizations = describe_table(
            "organizations", *(column(name, table.c[name].type) for name in organization)
        )
        session.execute(organizations.insert().values(**organization))
        types = {name: Webhook.__table__.c[name].type for name in row}
        columns = [column(name, type_) for name, type_ in types.items()]
        webhooks = describe_table("webhooks", column("secret_number"), *columns)
        session.execute(webhooks.insert().values(**row, secret_number=7))

    empty.write(add)
    migrations.upgrade(empty, keys=keys)
    with empty.read_snapshot() as session:
        webhook = session.get_one(Webhook, webhook_id)
        secrets = [keys.decrypt(KEY_PURPOSE, secret) for secret in webhook.secrets]
        assert webhook.status == "enabled"
    expected = [
        hmac.digest(keys.secret.encode(), f"webhook secret {webhook_id} {number}".encode(), "sha256")
        for number in (7, 6, 5)
    ]
    assert secrets == ["whsec_" + base64.b64encode(key).decode() for key in expected]


def test_visits_of_an_earlier_release_count_as_announced(empty: Database) -> None:
    migrations.upgrade(empty)
    month, sums = 2026 * 12 + 9, {"visits": 4, "earned": 30, "possible": 40}
    squares = {"earned_squared": 230, "product": 300, "possible_squared": 400}

    def fill(session: Session) -> tuple[list[int], int, int]:
        organization = create_organization(session, "Harbour Stores")
        region = Region(organization_id=organization.id, code="r", name="Region")
        session.add(region)
        session.flush()
        locations = [
            Location(
                organization_id=organization.id,
                region_id=region.id,
                code=code,
                name=code,
                time_zone="UTC",
                latitude=0.0,
                longitude=0.0,
            )
            for code in ("a", "b")
        ]
        session.add_all(locations)
        session.flush()
        visits = session.scalars(select(Subject).where(Subject.kind == "visit")).first()
        assert visits
        section = session.scalars(
            select(Subject).where(Subject.checklist_id == visits.checklist_id, Subject.kind == "section")
        ).first()
        assert section
        others = dict.fromkeys((*SHARED_ANSWERS, "critical_failures", "passed"), 0)
        for location, count in zip(locations, (4, 3), strict=True):
            for subject in (visits, section):
                totals = {"month": month, "asked": 4, **sums, **squares, **others}
                session.add(Total(location_number=location.number, subject_id=subject.id, **totals))
            announced = {"visits": count, "critical_failures": 0, "month": month, "earned": 0, "possible": 0}
            session.add(
                Announcement(
                    location_number=location.number,
                    subject_id=visits.id,
                    sums={},
                    announced_at=now(),
                    **announced,
                )
            )
        session.flush()
        return [location.number for location in locations], visits.id, section.id

    numbers, visits_id, section_id = empty.write(fill)
    with empty.writing_engine.begin() as connection:
        command.downgrade(migrations.configuration(connection), "0032")
    migrations.upgrade(empty)
    with empty.read_snapshot() as session:
        announced, other = (session.get_one(Announcement, (number, visits_id)) for number in numbers)
        months = {str(month): [*sums.values(), *squares.values()]}
        assert announced.sums == other.sums == {str(visits_id): months, str(section_id): months}
        # Where a visit was not announced yet, nobody is mailed about it.
        assert (announced.visits, other.visits) == (4, 4)
        assert (announced.announced_at is None, other.announced_at is None) == (False, True)

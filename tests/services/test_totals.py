"""Totals: a recount finds every wrong total, and finds none after any history of visits."""

import copy
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, insert, select, text, update

from api import migrations
from api.database.engines import Database
from api.domain.access import Actor
from api.domain.months import Period
from api.domain.problems import ProblemError
from api.models.base import now
from api.models.changes import Change
from api.models.events import Event
from api.models.organizations import Organization
from api.models.photos import Photo
from api.models.places import Location, Region
from api.models.reviews import Decision
from api.models.scores import (
    RegionDisputeEffect,
    RegionTally,
    RegionTotal,
    Subject,
    Tally,
    Total,
    TotalChange,
    VisitTotal,
)
from api.models.submissions import CommentFingerprint, Flag, Submission
from api.models.users import User
from api.models.visits import Visit
from api.services import assignments, checklists, places, reviews, submissions
from api.services.scores import recount, region_totals, reports, totals
from tests.journeys import score_history as naive
from tests.journeys.score_history import FIRST, POOR, SECOND, WELL
from tests.support.world import CHECKLIST, World, ok

# Differences that a recount finds.


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """A recount covers the whole database, so these tests need their own."""
    return own_app


@pytest.fixture
def counted(world: World) -> Iterator[World]:
    """A world with two visits and correct totals. The visits are deleted afterwards."""
    for answers in (FIRST.answers, SECOND.answers):
        world.accepted_visit(answers)
    assert differences(world) == []
    yield world
    delete_visits(world.database)


def delete_visits(database: Database) -> None:
    """Delete all visits and totals."""

    def delete_all(session: Any) -> None:
        for table in (
            TotalChange,
            RegionTotal,
            RegionTally,
            RegionDisputeEffect,
            Total,
            VisitTotal,
            Tally,
            Change,
            Event,
            Flag,
            CommentFingerprint,
            Photo,
            Decision,
            Submission,
            Visit,
        ):
            session.execute(delete(table))

    database.write(delete_all)


def differences(world: World) -> list[str]:
    with world.database.read_snapshot() as session:
        return list(recount.find_differences(session))


def subject(session: Any, world: World, kind: str, key: str = "") -> int:
    version = checklists.get_current_versions(session, world.organization_id, {"visit"})["visit"]
    subject_id: int = session.scalars(
        select(Subject.id).where(
            Subject.checklist_id == version.checklist_id, Subject.kind == kind, Subject.key == key
        )
    ).one()
    return subject_id


def place(world: World) -> str:
    start = datetime.now(UTC) - timedelta(minutes=11)
    month = start.astimezone(ZoneInfo(world.location["time_zone"])).strftime("%Y-%m")
    return f"location {world.location['id']}, {month}, visit"


def test_changed_total_is_found(counted: World) -> None:
    counted.database.write(
        lambda session: session.execute(
            update(Total)
            .where(Total.subject_id == subject(session, counted, "visit"))
            .values(earned=Total.earned + 1)
        )
    )
    assert differences(counted) == [
        f"{place(counted)} visit: earned is 14, but 13 in the recount",
        f"{place(counted)} visit: the totals of whole visits differ from the other totals",
    ]


@pytest.mark.parametrize("change", [update(VisitTotal).values(product=1), delete(VisitTotal)])
def test_changed_or_missing_total_of_whole_visits_is_found(counted: World, change: Any) -> None:
    counted.database.write(lambda session: session.execute(change))
    assert differences(counted) == [
        f"{place(counted)} visit: the totals of whole visits differ from the other totals"
    ]


def test_missing_total_is_found(counted: World) -> None:
    counted.database.write(
        lambda session: session.execute(
            delete(Total).where(Total.subject_id == subject(session, counted, "section", "goodbye"))
        )
    )
    assert differences(counted) == [f"{place(counted)} section goodbye: missing"]


def test_surplus_total_is_found(counted: World) -> None:
    def add(session: Any) -> None:
        number = session.scalar(
            select(Location.number).where(Location.id == uuid.UUID(counted.location["id"]))
        )
        row = dict.fromkeys(totals.SUM_COLUMNS, 0) | {"asked": 1}
        key = {"subject_id": subject(session, counted, "question", "wait"), "location_number": number}
        session.execute(insert(Total).values(**key, month=2025 * 12, **row))
        session.execute(insert(Tally).values(**key, month=2025 * 12, answer="soon", times=2))

    counted.database.write(add)
    where = f"location {counted.location['id']}, 2025-01, visit question wait"
    found = differences(counted)
    assert found[:2] == [
        f"{where}: asked is 1, but 0 in the recount",
        f"{where} = soon: times is 2, but 0 in the recount",
    ]
    # No change was listed, so the regions above do not include it.
    assert [difference.partition(" ")[0] for difference in found[2:]] == ["region", "region"]


def test_wrong_totals_of_a_region_are_found_once_they_are_added_up(counted: World) -> None:
    def tamper(session: Any) -> None:
        of_visits = RegionTotal.subject_id == subject(session, counted, "visit")
        session.execute(update(RegionTotal).where(of_visits).values(visits=7))
        of_goodbyes = RegionTotal.subject_id == subject(session, counted, "section", "goodbye")
        session.execute(delete(RegionTotal).where(of_goodbyes))

    counted.database.write(tamper)
    assert differences(counted) == []
    counted.add_up_regions()
    assert differences(counted) == []
    counted.database.write(tamper)
    where = place(counted).replace("location", "region").replace(counted.location["id"], counted.region["id"])
    found = [difference.partition(":")[0] for difference in differences(counted)]
    assert found == [f"{where} section goodbye", f"{where} visit"]


def test_regions_are_added_up_again_by_command(counted: World) -> None:
    counted.add_up_regions()
    counted.database.write(lambda session: session.execute(update(RegionTotal).values(visits=7)))
    assert differences(counted)
    result = counted.app.test_cli_runner().invoke(args=["scores", "add-up"])
    assert (result.exit_code, result.output) == (0, "The totals of all regions were added up.\n")
    assert differences(counted) == []


def test_an_organization_that_cannot_be_added_up_does_not_stop_the_others(
    counted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = region_totals.add_up_regions

    def fail_once(session: Any, organization_id: uuid.UUID) -> bool:
        if organization_id != counted.organization_id:
            raise RuntimeError
        return original(session, organization_id)

    other = World(counted.app)
    other.accepted_visit(FIRST.answers)
    monkeypatch.setattr(region_totals, "add_up_regions", fail_once)
    counted.add_up_regions()
    with counted.database.read_snapshot() as session:
        left = region_totals.list_organizations_with_changes(session)
    assert left == [other.organization_id]


def test_changed_or_missing_count_of_answers_is_found(counted: World) -> None:
    counted.publish(naive.CALL)
    counted.accepted_visit(naive.WARM.answers, assigned={"checklist_key": "call"})

    def tamper(session: Any) -> None:
        session.execute(
            update(Total)
            .where(Total.subject_id == subject(session, counted, "question", "greeting"))
            .values(yes=5)
        )
        session.execute(update(Tally).where(Tally.answer == "hours").values(times=5))
        session.execute(delete(Tally).where(Tally.answer == "price"))

    counted.database.write(tamper)
    call = place(counted).removesuffix("visit") + "call"
    assert differences(counted) == [
        f"{place(counted)} question greeting: yes is 5, but 1 in the recount",
        f"{call} question topics = hours: times is 5, but 1 in the recount",
        f"{call} question topics = price: missing",
    ]


def test_totals_and_commented_questions_survive_downgrade_and_upgrade(counted: World) -> None:
    def commented() -> list[Any]:
        with counted.database.read_snapshot() as session:
            return sorted(map(str, session.scalars(select(Submission.commented))))

    def migrate(to: Callable[..., None], revision: str) -> Any:
        with counted.database.writing_engine.begin() as connection:
            to(migrations.configuration(connection), revision)
            return connection.execute(text("SELECT sum(times) FROM tallies WHERE answer = 'yes'")).scalar()

    before = commented()
    assert migrate(command.downgrade, "0001") == 4
    assert migrate(command.upgrade, "head") is None
    assert differences(counted) == []
    assert commented() == before == ["['greeting']", "[]"]


def test_outcome_store_closed_survives_downgrade_and_upgrade(counted: World) -> None:
    visit = counted.visit()
    photo_id = counted.photo(visit, question=None)
    body = counted.submission(FIRST.answers, outcome="store-closed", photos=[photo_id])
    ok(counted.send(visit, body), 201)
    ok(counted.review(visit, "accept"), 200)
    before = ok(counted.reviewer.get(f"/visits/{visit['id']}"))
    assert before["outcome"] == "store-closed"
    for to, revision in ((command.downgrade, "0005"), (command.upgrade, "head")):
        with counted.database.writing_engine.begin() as connection:
            to(migrations.configuration(connection), revision)
    assert ok(counted.reviewer.get(f"/visits/{visit['id']}")) == before
    assert differences(counted) == []


def test_changed_outcome_is_found(counted: World) -> None:
    visit = counted.accepted_visit(FIRST.answers)
    counted.database.write(
        lambda session: session.execute(
            update(Submission)
            .where(Submission.visit_id == uuid.UUID(visit["id"]))
            .values(outcome="store-closed")
        )
    )
    assert differences(counted) == [f"visit {visit['id']}: the stored outcome differs from the submitted one"]


def test_changed_result_is_found(counted: World) -> None:
    def tamper(session: Any) -> uuid.UUID:
        own_visit_ids = select(Visit.id).where(Visit.organization_id == counted.organization_id)
        submission = session.scalars(
            select(Submission).where(Submission.visit_id.in_(own_visit_ids)).limit(1)
        ).one()
        submission.result = {**submission.result, "earned": 99}
        visit_id: uuid.UUID = submission.visit_id
        return visit_id

    visit_id = counted.database.write(tamper)
    assert differences(counted) == [
        f"visit {visit_id}: the stored score differs from the score of its answers"
    ]


def test_status_that_contradicts_the_totals_is_found(counted: World) -> None:
    def tamper(session: Any) -> None:
        own_visit_ids = select(Visit.id).where(Visit.organization_id == counted.organization_id).limit(1)
        session.execute(update(Visit).where(Visit.id.in_(own_visit_ids)).values(status="returned"))

    counted.database.write(tamper)
    assert f"{place(counted)} visit: visits is 2, but 1 in the recount" in differences(counted)


def test_command_lists_differences_and_exits_with_1(counted: World) -> None:
    runner = counted.app.test_cli_runner()
    result = runner.invoke(args=["scores", "recount"])
    assert (result.exit_code, result.output) == (0, "Every stored total equals its recount.\n")
    counted.database.write(
        lambda session: session.execute(
            update(Total)
            .where(Total.subject_id == subject(session, counted, "visit"))
            .values(passed=7, critical_failures=2)
        )
    )
    result = runner.invoke(args=["scores", "recount"])
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        f"{place(counted)} visit: critical_failures is 2, but 0 in the recount",
        f"{place(counted)} visit: passed is 7, but 1 in the recount",
        f"{place(counted)} visit: the totals of whole visits differ from the other totals",
    ]


# Random histories.

_EXTRA = {
    "key": "smile",
    "text": "A smile?",
    "type": "yes_no",
    "points": 5,
    "fundamental": "greet-the-customer",
}
ANSWERS = (WELL, FIRST, SECOND, POOR)


def document(version: int) -> dict[str, Any]:
    """Return a version of the checklist. Points, questions and sections differ from version to version."""
    checklist = copy.deepcopy(CHECKLIST)
    questions = checklist["sections"][0]["questions"]
    questions[0]["points"] = 2 + version % 4
    if version % 2 == 0:
        questions.append(copy.deepcopy(_EXTRA))
    if version % 3 == 0:
        question = {**_EXTRA, "key": "again"}
        checklist["sections"].append({"key": "more", "title": "More", "questions": [question]})
    return checklist


def organization(session: Any, name: str) -> uuid.UUID:
    """Add an organization without checklists, and return its ID."""
    row = Organization(name=name)
    session.add(row)
    session.flush()
    return row.id


def is_below(place: uuid.UUID | None, top: uuid.UUID, parents: Mapping[uuid.UUID, uuid.UUID | None]) -> bool:
    """Return whether a region is ``top`` or somewhere below it."""
    return place is not None and (place == top or is_below(parents[place], top, parents))


class Histories(RuleBasedStateMachine):
    """Visits are submitted and decided on, places move, checklists change, and regions are added up."""

    database: Database
    waiting = Bundle("waiting")
    """The IDs of visits that were submitted, in any status since."""

    @initialize(target=waiting, answers=st.lists(st.sampled_from(ANSWERS), min_size=2, max_size=4))
    def begin(self, answers: Any) -> Any:
        """Create two locations, two regions, a shopper, a reviewer and some visits to decide on."""

        def make(session: Any) -> None:
            organization_id = self.organization_id
            for code in "abc":
                session.add(Region(id=uuid.uuid4(), organization_id=organization_id, code=code, name=code))
            session.flush()
            self.regions = list(
                session.scalars(select(Region.id).where(Region.organization_id == organization_id))
            )
            for code in "cd":
                zone = {"c": "Europe/London", "d": "Pacific/Auckland"}[code]
                session.add(
                    Location(
                        organization_id=organization_id,
                        region_id=self.regions[0],
                        code=code,
                        name=code,
                        time_zone=zone,
                    )
                )
            people = {}
            for role in ("shopper", "reviewer", "admin"):
                people[role] = User(
                    organization_id=organization_id,
                    email=f"{role}@x.org",
                    name=role,
                    role=role,
                    password_hash="-",
                )
                session.add(people[role])
            session.flush()
            self.locations = list(
                session.scalars(select(Location.id).where(Location.organization_id == organization_id))
            )
            self.shopper, self.reviewer, self.admin = (
                Actor(people[role].id, organization_id, role, uuid.uuid4()) for role in people
            )

        name = f"Organization {uuid.uuid4()}"
        self.organization_id = self.database.write(lambda session: organization(session, name))
        self.drafts = 0
        self.database.write(make)
        self.publish()
        visit_ids = (
            self.submit(index % 2, 1 + index % 3, index > 2, report, "yes", index == 1)
            for index, report in enumerate(answers)
        )
        return multiple(*visit_ids)

    @precondition(lambda self: self.drafts < 4)
    @rule()
    def publish(self) -> None:
        """Publish the next version of the checklist."""
        self.drafts += 1
        draft = document(self.drafts)

        def change(session: Any) -> None:
            if self.drafts == 1:
                checklists.create_draft(session, self.admin, draft)
            else:
                current = checklists.get_draft(session, self.admin, "visit", lock=True)
                checklists.replace_draft(session, self.admin, current, draft)
            checklists.publish(session, self.admin, "visit")

        self.database.write(change)

    def content(
        self, visit: Visit, session: Any, revision: int, answers: Any, smile: str, closed: bool
    ) -> dict[str, Any]:
        version = checklists.get_version(session, visit.checklist_version_id)
        submitted_answers = dict(answers.answers)
        for key in ("smile", "again"):
            if key in version.document.by_key:
                submitted_answers[key] = {"value": smile}
        start = visit.opens_at + timedelta(hours=1)
        return {
            "revision": revision,
            "checklist_version": version.document.version,
            "started_at": start,
            "finished_at": start + timedelta(minutes=10),
            "answers": submitted_answers,
            "comment": None,
            "position": None,
            **({"outcome": "store-closed"} if closed else {}),
        }

    def send(
        self, visit_id: uuid.UUID, revision: int, answers: Any, smile: str, flagged: bool, closed: bool
    ) -> None:
        with self.database.read_snapshot() as session:
            visit = session.get_one(Visit, visit_id)
            body = self.content(visit, session, revision, answers, smile, closed)
            if flagged:
                body["finished_at"] = body["started_at"] + timedelta(days=5)
            plain = {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in body.items()
            }
            prepared = submissions.prepare(session, self.shopper, visit_id, plain, body, now())
        assert not isinstance(prepared, str)
        self.database.write(lambda session: submissions.store(session, self.shopper, prepared, 0))

    @rule(
        target=waiting,
        place=st.integers(0, 1),
        month=st.integers(1, 3),
        edge=st.booleans(),
        answers=st.sampled_from(ANSWERS),
        smile=st.sampled_from(["yes", "no"]),
        flagged=st.booleans(),
        closed=st.booleans(),
    )
    def submit(
        self,
        place: int,
        month: int,
        edge: bool,
        answers: Any,
        smile: str,
        flagged: bool,
        closed: bool = False,
    ) -> uuid.UUID:
        """Assign and submit a visit. Without flags it is accepted automatically."""
        opens = datetime(2025, month, 28 if edge else 10, 11, tzinfo=UTC)
        order = {
            "location_id": self.locations[place],
            "shopper_id": self.shopper.id,
            "checklist_key": "visit",
            "window": {"opens_at": opens, "closes_at": opens + timedelta(days=2)},
            "override": True,
        }
        visit_id: uuid.UUID = self.database.write(
            lambda session: assignments.assign(session, self.admin, [order], is_list=False)[0].id
        )
        self.send(visit_id, 1, answers, smile, flagged, closed)
        return visit_id

    @rule(visit_id=waiting, decision=st.sampled_from(["accept", "return", "reject"]))
    def decide(self, visit_id: uuid.UUID, decision: str) -> None:
        """Decide on a visit, or replace the current decision."""

        def change(session: Any) -> None:
            visit = session.get_one(Visit, visit_id)
            current = reviews.find_current_decision(session, visit)
            if current is not None and current.decision == decision:
                return
            reviews.decide(
                session,
                self.reviewer,
                visit_id,
                revision=visit.revision,
                decision=decision,
                reason="Because",
                question_reasons=None,
                replaces=current.id if current else None,
            )

        self.database.write(change)

    @rule(
        visit_id=waiting,
        answers=st.sampled_from(ANSWERS),
        smile=st.sampled_from(["yes", "no"]),
        flagged=st.booleans(),
        closed=st.booleans(),
    )
    def correct(self, visit_id: uuid.UUID, answers: Any, smile: str, flagged: bool, closed: bool) -> None:
        """Submit the next revision of a returned visit."""
        with self.database.read_snapshot() as session:
            visit = session.get_one(Visit, visit_id)
        if visit.status == "returned":
            self.send(visit_id, visit.revision + 1, answers, smile, flagged, closed)

    @rule(place=st.integers(0, 1), region=st.integers(0, 2))
    def move(self, place: int, region: int) -> None:
        """Move a location to another region."""

        def change(session: Any) -> None:
            location = places.get_location(session, self.admin, self.locations[place], lock=True)
            places.update_location(session, self.admin, location, {"region_id": self.regions[region]})

        self.database.write(change)

    @rule(region=st.integers(0, 2), parent=st.integers(0, 3))
    def move_region(self, region: int, parent: int) -> None:
        """Move a region with everything below it, below another one or to the top."""

        def change(session: Any) -> None:
            moved = places.get_region(session, self.admin, self.regions[region], lock=True)
            parent_id = None if parent == 3 else self.regions[parent]
            with suppress(ProblemError):  # not below itself
                places.update_region(session, self.admin, moved, {"parent_id": parent_id})

        self.database.write(change)

    @rule()
    def add_up_a_region(self) -> None:
        """Add up a region that has changed and those above it, as the worker does."""
        self.database.write(lambda session: region_totals.add_up_regions(session, self.organization_id))

    def teardown(self) -> None:
        """Delete the visits, so that the next history is recounted alone."""
        delete_visits(self.database)

    @invariant()
    def totals_equal_the_recount(self) -> None:
        """A recount finds no difference."""
        with self.database.read_snapshot() as session:
            assert list(recount.find_differences(session)) == []

    @invariant()
    def reports_equal_the_pooled_accepted_visits(self) -> None:
        """The report of each region equals its accepted visits, pooled one by one."""
        if not hasattr(self, "admin"):
            return
        with self.database.read_snapshot() as session:
            accepted = session.execute(
                select(Location.region_id, Submission.result)
                .join(Visit, Visit.location_id == Location.id)
                .join(Submission, (Submission.visit_id == Visit.id) & (Submission.revision == Visit.revision))
                .where(
                    Visit.status == "accepted",
                    Submission.outcome == "visited",
                    Visit.organization_id == self.organization_id,
                )
            ).all()
            parents = dict(session.execute(select(Region.id, Region.parent_id)).all())
            for region_id in self.regions:
                region = session.get_one(Region, region_id)
                report = reports.get_region_report(
                    session, self.admin, region, Period(2025 * 12, 2025 * 12 + 11), None
                ).figures
                results = [result for where, result in accepted if is_below(where, region_id, parents)]
                points = [(result["earned"], result["possible"]) for result in results]
                total = report["total"]
                assert total["visits"] == len(points)
                assert total["points_earned"] == sum(earned for earned, _ in points)
                assert total["points_possible"] == sum(possible for _, possible in points)
                assert total["score"] == naive.round6(naive.share(points))
                assert total["interval"] == naive.bounds(naive.moderated(points))
                assert total["passed"] == sum(result["passed"] for result in results)
                assert total["critical_failures"] == sum(
                    bool(result["critical_failures"]) for result in results
                )
                assert sum(month["visits"] for month in report["months"]) == len(points)
                points_by_question: dict[str, list[tuple[int, int]]] = {}
                for result in results:
                    for key, _, _, earned, possible, _, _ in result["questions"]:
                        points_by_question.setdefault(key, []).append((earned, possible))
                assert {question["key"] for question in report["questions"]} == points_by_question.keys()
                for question in report["questions"]:
                    pairs = [pair for pair in points_by_question[question["key"]] if pair[1]]
                    assert question["visits"] == len(pairs)
                    assert question["points_earned"] == sum(earned for earned, _ in pairs)
                    assert question["points_possible"] == sum(possible for _, possible in pairs)


def test_totals_equal_the_recount_after_random_histories(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_totals, "REGIONS_AT_ONCE", 1)

    class InThisProgram(Histories):
        database = app.extensions["survey"].database

    embedded = app.extensions["survey"].settings.embedded_database
    examples, steps = (6, 20) if embedded else (3, 12)
    run_state_machine_as_test(
        InThisProgram,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # failing histories are short, and shrinking them takes minutes
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Notices: who is mailed what, and when; nothing is reported twice, and no mail points at a shopper."""

import re
import uuid
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import update

from api.domain.webhooks import FAILED_TOO_LONG
from api.jobs.notices import NoticeDecider
from api.models.base import now
from api.models.visits import Visit
from api.models.webhooks import Webhook
from api.services.notices import deciding
from tests.support.mailbox import PUBLIC_URL, Mailbox, read_text, send_mails
from tests.support.world import ALL_WELL, Caller, World, ok, pointers, problem

pytestmark = [pytest.mark.usefixtures("no_earlier_mails"), pytest.mark.one_database]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
LONDON = ZoneInfo("Europe/London")
#: answers with a critical failure, which earn 8 of 11 points
FAILURE: dict[str, Any] = {**ALL_WELL, "problem": {"value": "yes"}, "apology": {"value": "no"}}


#: answers that earn no points
NOTHING: dict[str, Any] = {
    **ALL_WELL,
    "greeting": {"value": "no", "comment": "-"},
    "wait": {"value": 200},
    "thanks": {"value": "no"},
}


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """A program with a database of its own, because notices are decided for all organizations at once."""
    return own_app


def check(world: World, moment: datetime) -> None:
    """Decide on notices at a moment, as the worker does."""
    NoticeDecider(world.database, lambda: moment).work()


def receive(world: World, mailbox: Mailbox, person: Caller, moment: datetime) -> list[EmailMessage]:
    """Return the mails that a person gets at a moment."""
    before = len(mailbox.find(str(person.email)))
    check(world, moment)
    send_mails(world, mailbox.url)
    return mailbox.find(str(person.email))[before:]


def find_morning(days: int = 1, hour: int = 7, minute: int = 30, zone: ZoneInfo = LONDON) -> datetime:
    """Return a time in the morning of the day in this many days."""
    return datetime.combine(now().astimezone(zone).date() + days * DAY, time(hour, minute), zone)


def find_monday_morning() -> datetime:
    """Return the first Monday morning that is not today or tomorrow."""
    return next(
        morning for days in range(2, 9) if (morning := find_morning(days)).astimezone(LONDON).weekday() == 0
    )


def change(world: World, table: Any, row_id: str, **values: Any) -> None:
    world.database.write(
        lambda session: session.execute(update(table).where(table.id == uuid.UUID(row_id)).values(values))
    )


# Managers.


def test_managers_hear_of_three_visits_together_and_not_before_the_next_morning(
    world: World, mailbox: Mailbox
) -> None:
    manager, store, quiet = world.manager, world.location, world.new_location()
    check(world, now())  # from here on, the manager hears of what happens
    visits = [world.accepted_visit(FAILURE) for _ in range(2)]
    world.accepted_visit(FAILURE, location=quiet)
    assert receive(world, mailbox, manager, find_morning()) == []
    visits.append(world.accepted_visit())
    assert receive(world, mailbox, manager, find_morning(hour=6, minute=59)) == []
    (alert,) = receive(world, mailbox, manager, find_morning(2))
    assert alert["Subject"] == "One place needs your attention"
    month = f"{now().astimezone(LONDON):%B %Y}"
    for kind in ("plain", "html"):
        text = read_text(alert, kind)
        assert "A critical failure" in text
        assert all(part in text for part in (store["name"], month, "80.0%"))  # 24 of 30 points
        assert f"{PUBLIC_URL}/dashboard/locations/{store['id']}" in text
        assert quiet["name"] not in text
    assert receive(world, mailbox, manager, find_morning(3)) == []
    (digest,) = receive(world, mailbox, manager, find_monday_morning() + 2 * HOUR)
    assert digest["Subject"] == "New results from one store"
    assert receive(world, mailbox, manager, find_monday_morning() + 7 * DAY) == []
    for mail in (alert, digest):
        check_privacy(world, mail, visits)


def check_privacy(world: World, mail: EmailMessage, visits: list[Any]) -> None:
    """Check that a mail to a manager contains nothing that leads to a shopper or to a single visit."""
    content = "".join(f"{name}: {value}\n" for name, value in mail.items() if name != "Date")
    content += read_text(mail) + read_text(mail, "html")
    content = re.sub(r"List-Unsubscribe: .*|/unsubscribe#[\w-]+", "", content)
    for visit in visits:
        shopper = ok(world.admin.get(f"/users/{visit['shopper']['id']}"))
        for secret in (visit["id"], shopper["id"], shopper["name"], shopper["email"], "Nobody did"):
            assert secret not in content
    assert not re.search(r"\b\d{1,2}:\d{2}\b(?!:)", read_text(mail))
    days = {visit["day"] for visit in visits}
    assert not any(day in content or f"{int(day[-2:])} {day[:4]}" in content for day in days)


def test_visits_of_today_do_not_change_what_is_reported(world: World, mailbox: Mailbox) -> None:
    manager = world.manager
    check(world, now())
    for _ in range(3):
        visit = world.accepted_visit()
        change(world, Visit, visit["id"], day=now().date() - DAY)
    for _ in range(2):
        world.accepted_visit({**ALL_WELL, "wait": {"value": 200}}, location=world.location)
    monday = find_monday_morning()
    # Three visits are of yesterday; those of today can wait.
    check(world, find_morning(0, hour=8))
    (digest,) = receive(world, mailbox, manager, monday)
    assert "100.0%" in read_text(digest)


def test_a_missed_target_of_a_region_and_a_quota_that_lacks_visits_are_reported_once(
    world: World, mailbox: Mailbox
) -> None:
    manager, region = world.manager, world.region
    common = {"region_id": region["id"], "checklist_key": world.checklist["key"]}
    ok(world.admin.post("/targets", {**common, "score": 0.9, "months": 6}), 201)
    ok(world.admin.post("/quotas", {**common, "visits": 9, "per": "month", "days_between": 0}), 201)
    check(world, now())
    last_week = (now().replace(day=1, hour=12) + 62 * DAY).replace(day=1) - 6 * DAY
    for _ in range(2):
        world.accepted_visit(NOTHING)
        world.accepted_visit(NOTHING, location=world.new_location())
    # At each location, fewer than three visits are new.
    assert receive(world, mailbox, manager, find_morning()) == []
    world.accepted_visit(NOTHING)
    (alert,) = receive(world, mailbox, manager, find_morning(2))
    lines = read_text(alert).splitlines()
    assert lines[lines.index("Target missed") + 1].startswith(f"- {region['name']} · ")
    assert f"{PUBLIC_URL}/dashboard/regions/{region['id']}" in read_text(alert)
    assert receive(world, mailbox, manager, find_morning(3)) == []
    mails = receive(world, mailbox, world.admin, last_week)
    assert [mail["Subject"] for mail in mails] == ["A quota lacks visits"]
    assert f"- {region['name']} · " in read_text(mails[0])
    assert receive(world, mailbox, world.admin, last_week + DAY) == []


def test_an_alert_about_a_target_uses_the_visits_that_were_announced(world: World, mailbox: Mailbox) -> None:
    manager = world.manager
    ok(manager.patch("/me/notices", {"notices": {"weekly_digest": False}}))
    check(world, now())
    for _ in range(3):
        world.accepted_visit(NOTHING)
    check(world, find_morning())
    target = world.target(section="welcome", score=0.9)
    # One more visit: with it, the alert and the digest would differ by this visit alone.
    world.accepted_visit({**NOTHING, "greeting": {"value": "yes"}})
    (alert,) = receive(world, mailbox, manager, find_morning(2))
    assert "Target missed" in read_text(alert)
    assert "0.0%" in read_text(alert)
    # A target that was missed, but is no longer, is reported again when it is missed again.
    for score, days, count in ((0, 3, 0), (0.9, 4, 1)):
        ok(world.admin.patch(f"/targets/{target['id']}", {"score": score}))
        assert len(receive(world, mailbox, manager, find_morning(days))) == count


def test_a_dispute_is_reported_to_reviewers_and_its_outcome_to_the_manager(
    world: World, mailbox: Mailbox
) -> None:
    manager, reviewer = world.manager, world.reviewer
    visit = world.accepted_visit({**ALL_WELL, "thanks": {"value": "no"}})
    check(world, now())
    body = {"questions": [{"question": "thanks", "kind": "fact", "reason": "They did."}]}
    dispute = ok(manager.post(f"/visits/{visit['id']}/disputes", body), 201)
    (mail,) = receive(world, mailbox, reviewer, find_morning())
    assert mail["Subject"] == "One dispute is open"
    assert receive(world, mailbox, reviewer, find_morning(2)) == []
    outcomes = [{"question": "thanks", "outcome": "kept", "reason": "The photo shows it."}]
    ok(reviewer.post(f"/disputes/{dispute['id']}/decision", {"outcomes": outcomes}))
    check(world, find_morning(0, hour=23))
    (mail,) = receive(world, mailbox, manager, find_morning(3))
    assert mail["Subject"] == "One of your disputes was decided"
    assert f"{PUBLIC_URL}/dashboard/disputes" in read_text(mail)
    check_privacy(world, mail, [visit])
    assert world.location["name"] not in read_text(mail)
    assert receive(world, mailbox, manager, find_morning(4)) == []


def test_a_location_without_visits_is_reported_once(world: World, mailbox: Mailbox) -> None:
    manager = world.manager
    ok(world.admin.patch("/organization", {"no_visit_alert_days": 30}))
    visit = world.accepted_visit()
    change(world, Visit, visit["id"], day=now().astimezone(LONDON).date() - 29 * DAY)
    check(world, find_morning(0, hour=8))
    assert receive(world, mailbox, manager, find_morning(1)) == []
    (mail,) = receive(world, mailbox, manager, find_morning(2))
    lines = read_text(mail).splitlines()
    assert lines[lines.index("No visit for 30 days") + 1] == f"- {world.location['name']}"
    assert receive(world, mailbox, manager, find_morning(3)) == []
    other = world.person("manager", region_ids=[world.new_region()["id"]])
    assert mailbox.find(str(other.email)) == []


def test_a_manager_reads_mails_in_their_language_and_time_zone(world: World, mailbox: Mailbox) -> None:
    manager = world.manager
    ok(manager.patch("/me", {"language": "es", "time_zone": "Asia/Tokyo"}))
    check(world, now())
    for _ in range(3):
        world.accepted_visit(FAILURE)
    # It is the next morning at the location, and 16:30 in Tokyo.
    (mail,) = receive(world, mailbox, manager, find_morning())
    assert mail["Subject"] == "Un lugar necesita su atención"
    assert "Un fallo crítico" in read_text(mail)
    assert "72,7\u00a0%" in read_text(mail)


# Exactly once.


@pytest.mark.both_databases
def test_two_workers_and_a_killed_one_add_a_mail_once(world: World, mailbox: Mailbox) -> None:
    shopper = world.shopper
    world.visit()
    moment = now() + 11 * MINUTE
    with world.database.read_snapshot() as session:
        decisions = [
            decision for decision in deciding.decide(session, moment) if str(decision.user_id) == shopper.id
        ]

    def be_killed(session: Any) -> None:
        assert deciding.store(session, decisions) == 1
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        world.database.write(be_killed)
    stored = [world.database.write(lambda session: deciding.store(session, decisions)) for _ in range(2)]
    assert stored == [1, 0]
    assert len(receive(world, mailbox, shopper, moment)) == 1
    assert receive(world, mailbox, shopper, moment + 2 * HOUR) == []


def test_a_clock_that_jumps_repeats_nothing_and_forgets_nothing(world: World, mailbox: Mailbox) -> None:
    admin = world.admin
    first, second = world.webhook(), world.webhook()
    check(world, now())
    change(world, Webhook, first["id"], failing_since=now() - HOUR)
    # The clock is a month ahead for one check.
    check(world, now() + 30 * DAY)
    change(world, Webhook, second["id"], failing_since=now() - HOUR)
    assert len(receive(world, mailbox, admin, find_morning())) == 1
    assert receive(world, mailbox, admin, find_morning(2)) == []


# Reviewers and administrators.


def test_reviewers_hear_of_visits_that_have_waited_for_two_days(world: World, mailbox: Mailbox) -> None:
    reviewer = world.reviewer
    visits = [world.late_visit(), world.late_visit()]
    check(world, now())
    assert receive(world, mailbox, reviewer, find_morning()) == []
    for visit in visits:
        change(world, Visit, visit["id"], waiting_since=now() - timedelta(hours=49))
    (mail,) = receive(world, mailbox, reviewer, find_morning(2))
    assert mail["Subject"] == "2 visits have waited over 48 hours for a review"
    assert f"{PUBLIC_URL}/dashboard/reviews" in read_text(mail)
    assert receive(world, mailbox, reviewer, find_morning(3)) == []


def test_administrators_hear_of_a_webhook_when_it_fails_and_when_it_is_disabled(
    world: World, mailbox: Mailbox
) -> None:
    webhook = world.webhook()
    check(world, now())
    since = find_morning() - 2 * HOUR
    change(world, Webhook, webhook["id"], failing_since=since)
    (mail,) = receive(world, mailbox, world.admin, find_morning())
    assert "- 93.184.216.34 · Failing" in read_text(mail)
    assert webhook["url"] not in read_text(mail)
    assert receive(world, mailbox, world.admin, find_morning(2)) == []
    change(world, Webhook, webhook["id"], status="disabled", disabled_reason=FAILED_TOO_LONG)
    (mail,) = receive(world, mailbox, world.admin, find_morning(3))
    assert "Switched off after failures" in read_text(mail)


# Shoppers.


def test_shoppers_hear_of_new_visits_after_ten_minutes(world: World, mailbox: Mailbox) -> None:
    shopper = world.shopper
    kept, cancelled = world.visit(), world.visit()
    ok(world.admin.post(f"/visits/{cancelled['id']}/cancel"))
    assert receive(world, mailbox, shopper, now() + 9 * MINUTE) == []
    (mail,) = receive(world, mailbox, shopper, now() + 11 * MINUTE)
    assert mail["Subject"] == "You have a new visit"
    for kind in ("plain", "html"):
        assert f"{PUBLIC_URL}/visits/{kept['id']}" in read_text(mail, kind)
        assert cancelled["id"] not in read_text(mail, kind)
    assert receive(world, mailbox, shopper, now() + 3 * HOUR) == []


def test_a_visit_that_is_cancelled_before_the_mail_is_sent_is_not_in_it(
    world: World, mailbox: Mailbox
) -> None:
    shopper, visit = world.shopper, world.visit()
    check(world, now() + 11 * MINUTE)
    ok(world.admin.post(f"/visits/{visit['id']}/cancel"))
    send_mails(world, mailbox.url)
    assert mailbox.find(str(shopper.email)) == []


def test_shoppers_hear_of_visits_that_close_soon_and_of_returned_ones(world: World, mailbox: Mailbox) -> None:
    shopper = world.shopper
    window = {"opens_at": now().isoformat(), "closes_at": (now() + 10 * DAY).isoformat()}
    closing = world.visit(window=window)
    assert receive(world, mailbox, shopper, now() + 7 * DAY) == []
    (mail,) = receive(world, mailbox, shopper, now() + 8 * DAY + HOUR)
    assert mail["Subject"] == "A visit ends within 48 hours"
    assert f"/visits/{closing['id']}" in read_text(mail)
    assert receive(world, mailbox, shopper, now() + 9 * DAY) == []
    returned = world.late_visit()
    ok(world.review(returned, "return"))
    mails = receive(world, mailbox, shopper, now() + 11 * MINUTE)
    (mail,) = [mail for mail in mails if mail["Subject"] == "A visit was returned to you"]
    assert f"/visits/{returned['id']}" in read_text(mail)


# Settings.


def test_everyone_switches_the_notices_of_their_role(world: World, mailbox: Mailbox) -> None:
    shopper = world.shopper
    assert ok(shopper.get("/me/notices")) == {
        "sends_mail": False,
        "notices": {"visits_assigned": True, "visits_closing": True, "visits_returned": True},
    }
    edited = ok(shopper.patch("/me/notices", {"notices": {"visits_assigned": False}}))
    assert edited == ok(shopper.get("/me/notices"))
    assert edited["notices"]["visits_assigned"] is False
    body = {"notices": {"visits_closing": False, "alerts": False}}
    response = problem(shopper.patch("/me/notices", body), 422, "invalid")
    assert pointers(response) == ["/notices/alerts"]
    assert ok(shopper.get("/me/notices")) == edited
    problem(shopper.patch("/me/notices", body, headers={}), 428, "if-match-required")
    earlier = world.visit()
    assert receive(world, mailbox, shopper, now() + 11 * MINUTE) == []
    ok(shopper.patch("/me/notices", {"notices": {"visits_assigned": True}}))
    assert receive(world, mailbox, shopper, now() + 11 * MINUTE) == []
    later = world.visit()
    (mail,) = receive(world, mailbox, shopper, now() + 11 * MINUTE)
    assert later["id"] in read_text(mail)
    assert earlier["id"] not in read_text(mail)


def test_a_mail_program_unsubscribes_without_a_login(world: World, mailbox: Mailbox) -> None:
    shopper = world.shopper
    world.visit()
    (mail,) = receive(world, mailbox, shopper, now() + 11 * MINUTE)
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].strip("<>").removeprefix(PUBLIC_URL)
    token = address.rpartition("/")[2]
    assert f"{PUBLIC_URL}/unsubscribe#{token}" in read_text(mail)
    page = world.anonymous.get(f"/{address}")
    assert (page.status_code, page.headers["Location"]) == (303, f"/unsubscribe#{token}")
    assert world.anonymous.get("/unsubscribe/%0A").headers["Location"] == "/unsubscribe#%0A"
    assert ok(shopper.get("/me/notices"))["notices"]["visits_assigned"] is True
    form = {"List-Unsubscribe": "One-Click"}
    client = world.app.test_client(use_cookies=False)
    for content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        assert client.post(address, data=form, content_type=content_type).status_code == 204
    assert ok(shopper.get("/me/notices"))["notices"] == {
        "visits_assigned": False,
        "visits_closing": True,
        "visits_returned": True,
    }
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    for wrong in (forged, token[:30], "x"):
        problem(world.anonymous.post(f"/unsubscribe/{wrong}"), 410, "link-expired")


def test_a_mail_that_waits_is_not_sent_once_the_notice_is_off(world: World, mailbox: Mailbox) -> None:
    shopper = world.shopper
    world.visit()
    check(world, now() + 11 * MINUTE)
    ok(shopper.patch("/me/notices", {"notices": {"visits_assigned": False}}))
    send_mails(world, mailbox.url)
    assert mailbox.find(str(shopper.email)) == []

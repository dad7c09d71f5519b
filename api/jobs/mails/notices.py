"""The content of notices. What is no longer the case when the mail is built is omitted.

Mails to managers say nothing of a location but its name, and what was announced: a month and a score.
"""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.database.lists import among
from api.domain import notices
from api.domain.access import Actor
from api.domain.disputes import OPEN
from api.domain.languages import DEFAULT_LANGUAGE
from api.domain.months import to_local_time
from api.domain.notices import WAITING_LONG
from api.jobs.mails.layout import Content, Footer, Row, Table
from api.jobs.mails.words.notices import get_words
from api.jobs.mails.words.notices.format import Words
from api.keys import Keys
from api.models.base import now
from api.models.disputes import Dispute
from api.models.organizations import Organization
from api.models.places import Location, Region
from api.models.users import User
from api.models.visits import Visit
from api.models.webhooks import Webhook
from api.services import visibility
from api.services.notices import settings

#: A longer table says how many rows are missing.
MAX_ROWS = 20

News = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Request:
    """What the mail to a person is built from."""

    session: Session
    user: User
    words: Words
    public_url: str

    @property
    def actor(self) -> Actor:
        return Actor(self.user.id, self.user.organization_id, self.user.role)

    def columns(self, *names: str) -> tuple[str, ...]:
        """Return the titles of columns."""
        return tuple(self.words.columns[name] for name in names)

    def table(self, title: str, columns: Sequence[str], rows: Sequence[Row]) -> Table:
        """Return a table of the first rows."""
        missing = len(rows) - MAX_ROWS
        more = self.words.more.format(count=missing) if missing > 0 else ""
        return Table(title, self.columns(*columns), tuple(rows[:MAX_ROWS]), more)


class _Place(NamedTuple):
    """An item of the news with the name and the address of its place."""

    item: Mapping[str, Any]
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class _Body:
    """The number in the subject, the page that the button opens, and the tables."""

    count: int
    page: str
    tables: tuple[Table, ...] = ()


def build_content(
    session: Session,
    data: Mapping[str, Any],
    user: User,
    organization: Organization,
    keys: Keys,
    public_url: str,
) -> Content | None:
    """Return the content of a notice, or None if there is nothing to say any more.

    That includes people who have switched the notice off, or have another role by now. ``data`` is that of
    the event: the ``kind`` of the notice, and its ``news``.
    """
    kind = data["kind"]
    actor = Actor(user.id, user.organization_id, user.role)
    if not settings.get_settings(session, actor).get(kind):
        return None
    words = get_words(user.language or DEFAULT_LANGUAGE)
    body = _BUILDERS[kind](_Request(session, user, words, public_url), data["news"])
    if not body.count:
        return None
    text = words.notices[kind]
    token = settings.create_unsubscribe_token(user.id, kind, keys)
    footer = Footer(
        words.footer.format(organization=organization.name),
        words.unsubscribe,
        f"{public_url}/unsubscribe#{token}",
        f"{public_url}/api/v1/unsubscribe/{token}",
    )
    return Content(
        text.get_subject(body.count),
        (text.introduction,) if text.introduction else (),
        text.link,
        public_url + body.page,
        tables=body.tables,
        footer=footer,
    )


# Managers.


def _build_digest(request: _Request, news: News) -> _Body:
    places = sorted(_find_places(request, news), key=lambda place: place.item["score"])
    table = request.table("", ("store", "month", "score"), [_build_row(request, place) for place in places])
    return _Body(len({place.url for place in places}), "/dashboard", (table,))


def _build_alerts(request: _Request, news: News) -> _Body:
    places = _find_places(request, news)
    tables = []
    for reason in notices.REASONS:
        affected = [place for place in places if place.item["reason"] == reason]
        if not affected:
            continue
        first = affected[0].item
        title = request.words.reasons[reason].format(days=first.get("days"))
        columns = ("store", "month", "score") if "score" in first else ("store",)
        tables.append(request.table(title, columns, [_build_row(request, place) for place in affected]))
    return _Body(len({place.url for place in places}), "/dashboard", tuple(tables))


def _build_row(request: _Request, place: _Place) -> Row:
    """Return the row of a place, with its month and score if the news has them."""
    words, item = request.words, place.item
    figures: tuple[str, ...] = ()
    if "score" in item:
        figures = (words.format_month(item["month"]), words.format_score(item["score"]))
    return Row((place.name, *figures), place.url)


def _find_places(request: _Request, news: News) -> list[_Place]:
    """Return the locations and regions of the news, as far as the reader may still see them."""
    links: dict[str, tuple[str, str]] = {}  # ID → name and URL
    for field, table, visible, page in (
        ("location_id", Location, visibility.locations(request.actor), "locations"),
        ("region_id", Region, visibility.regions(request.actor), "regions"),
    ):
        ids = {uuid.UUID(item[field]) for item in news if field in item}
        rows = request.session.execute(
            select(table.id, table.name).where(visible, among(table.id, "ids")), {"ids": list(ids)}
        )
        for place_id, name in rows:
            links[str(place_id)] = name, f"{request.public_url}/dashboard/{page}/{place_id}"
    return [
        _Place(item, *links[place_id])
        for item in news
        if (place_id := item.get("location_id") or item["region_id"]) in links
    ]


def _build_dispute_outcomes(_request: _Request, news: News) -> _Body:
    """Say only how many there are: a dispute is about a single visit."""
    return _Body(len(news), "/dashboard/disputes")


# Reviewers and administrators.


def _build_waiting_visits(request: _Request, _news: News) -> _Body:
    count = request.session.scalar(
        select(func.count())
        .select_from(Visit)
        .where(visibility.watched_visits(request.actor), Visit.waiting_since <= now() - WAITING_LONG)
    )
    return _Body(count or 0, "/dashboard/reviews")


def _build_open_disputes(request: _Request, _news: News) -> _Body:
    count = request.session.scalar(
        select(func.count())
        .select_from(Dispute)
        .where(visibility.disputes(request.actor), Dispute.status == OPEN)
    )
    return _Body(count or 0, "/dashboard/disputes")


def _build_failing_webhooks(request: _Request, news: News) -> _Body:
    ids = [uuid.UUID(item["subject"]) for item in news]
    still_failing = set(
        request.session.scalars(
            select(Webhook.id).where(
                visibility.webhooks(request.actor), Webhook.id.in_(ids), Webhook.failing_since.is_not(None)
            )
        )
    )
    rows = [
        Row((item["host"], request.words.webhook_states[item["is_disabled"]]))
        for item in news
        if uuid.UUID(item["subject"]) in still_failing
    ]
    table = request.table("", ("receiver", "state"), rows)
    return _Body(len(rows), "/dashboard/admin/webhooks", (table,))


def _build_short_quotas(request: _Request, news: News) -> _Body:
    rows = [Row((item["region"], str(item["missing"]))) for item in news]
    return _Body(len(rows), "/dashboard/admin/plan", (request.table("", ("region", "missing"), rows),))


# Shoppers.


def _build_own_visits(status: str) -> Callable[[_Request, News], _Body]:
    """Return the builder for visits of the shopper that must still have a status."""

    def build(request: _Request, news: News) -> _Body:
        ids = [uuid.UUID(item["subject"]) for item in news]
        visits = request.session.execute(
            select(Visit.id, Visit.closes_at, Location.name, Location.time_zone)
            .join(Location, Location.id == Visit.location_id)
            .where(visibility.own_visits(request.actor), Visit.id.in_(ids), Visit.status == status)
            .order_by(Visit.closes_at, Visit.id)
        ).all()
        rows = [
            Row(
                (
                    visit.name,
                    request.words.format_time(to_local_time(visit.closes_at, visit.time_zone)),
                ),
                f"{request.public_url}/visits/{visit.id}",
            )
            for visit in visits
        ]
        return _Body(len(rows), "/", (request.table("", ("store", "until"), rows),))

    return build


_BUILDERS: Mapping[str, Callable[[_Request, News], _Body]] = {
    notices.WEEKLY_DIGEST: _build_digest,
    notices.ALERTS: _build_alerts,
    notices.DISPUTE_OUTCOMES: _build_dispute_outcomes,
    notices.REVIEWS_WAITING: _build_waiting_visits,
    notices.DISPUTES_OPENED: _build_open_disputes,
    notices.WEBHOOKS_FAILING: _build_failing_webhooks,
    notices.QUOTAS_SHORT: _build_short_quotas,
    notices.VISITS_ASSIGNED: _build_own_visits("assigned"),
    notices.VISITS_CLOSING: _build_own_visits("assigned"),
    notices.VISITS_RETURNED: _build_own_visits("returned"),
}

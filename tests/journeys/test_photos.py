"""Photos over HTTP, on both stores: declared, sent to the store, confirmed, shown, swept."""

import hashlib
import io
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, g
from PIL import Image

from api import migrations
from api.app import create_app
from api.database.engines import Database
from api.models.installation import Installation
from api.services import photo_duplicates, photo_store, photos
from api.settings import Settings
from tests.support import pictures
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem
from uploads.folder import FolderStore
from uploads.slots import turn
from uploads.store import StoreDown


def with_photo(photo_id: str, question: str = "greeting") -> dict[str, Any]:
    answer = {"photos": [photo_id]} if question == "receipt" else {"value": "yes", "photos": [photo_id]}
    return {**ALL_WELL, question: answer}


def bytes_of(world: World, address: str) -> tuple[bytes, str]:
    """Fetch a link that the API gave, wherever it leads."""
    parts = urlsplit(address)
    if parts.hostname == "localhost":
        response = world.app.test_client().get(parts.path)
        assert response.status_code == 200
        return response.data, response.mimetype
    from urllib.request import urlopen

    with urlopen(address, timeout=30) as answer:
        return answer.read(), answer.headers["Content-Type"]


def test_a_photo_is_declared_sent_and_confirmed_and_every_step_may_be_repeated(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg(800, 600)
    declared = world.declare(visit, data)
    assert declared["status"] == "awaiting_upload"
    assert declared["upload"]["method"] == "PUT"
    again = world.declare(visit, data, id=declared["id"])
    assert again["upload"]["url"]
    assert world.upload(again["upload"], data) == 200
    assert world.upload(again["upload"], data) == 412
    path = f"/visits/{visit['id']}/photos/{declared['id']}"
    first = world.shopper.post(f"{path}/confirm")
    assert ok(first, 200) == {"id": declared["id"], "status": "stored", "width": 800, "height": 600}
    assert world.shopper.post(f"{path}/confirm").data == first.data
    assert "upload" not in world.declare(visit, data, id=declared["id"])


def test_a_new_photo_answers_201_and_one_declared_before_200(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg()
    path = f"/visits/{visit['id']}/photos/{uuid.uuid4()}"
    body = {
        "question": "greeting",
        "sha256": hashlib.sha256(data).hexdigest(),
        "size": len(data),
        "content_type": "image/jpeg",
    }
    assert world.shopper.put(path, body).status_code == 201
    assert world.shopper.put(path, body).status_code == 200


def test_other_bytes_may_be_declared_until_the_photo_is_stored(world: World) -> None:
    visit = world.visit()
    one, other = pictures.jpeg(seed=1), pictures.jpeg(seed=2)
    photo_id = world.declare(visit, one)["id"]
    declared = world.declare(visit, other, id=photo_id)
    assert world.upload(declared["upload"], other) == 200
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{photo_id}/confirm"), 200)
    response = world.shopper.put(
        f"/visits/{visit['id']}/photos/{photo_id}",
        {
            "question": "greeting",
            "sha256": hashlib.sha256(one).hexdigest(),
            "size": len(one),
            "content_type": "image/jpeg",
        },
    )
    problem(response, 409, "photo-conflict")


def test_the_store_refuses_what_was_not_declared(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg()
    link = world.declare(visit, data)["upload"]
    assert world.upload(link, data[:-1] + b"x") == 400
    assert world.upload(link, data + b"x") in (400, 403)
    assert world.upload({**link, "headers": {**link["headers"], "Content-Type": "image/png"}}, data) == 403
    assert world.upload(link, data) == 200


def test_a_photo_whose_bytes_did_not_come_cannot_be_confirmed(world: World) -> None:
    visit = world.visit()
    declared = world.declare(visit, pictures.jpeg())
    response = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
    problem(response, 409, "photo-not-uploaded")
    problem(
        world.shopper.post(f"/visits/{visit['id']}/photos/{uuid.uuid4()}/confirm"), 404, "photo-not-found"
    )


@pytest.mark.parametrize(
    "data",
    [b"no picture at all", pictures.jpeg()[:5000], b"GIF89a" + b"\0" * 100],
    ids=["text", "cut", "gif"],
)
def test_an_unusable_photo_says_why_and_may_be_declared_anew(world: World, data: bytes) -> None:
    visit = world.visit()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    response = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
    reason = problem(response, 422, "photo-unusable")["detail"]
    again = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
    assert problem(again, 422, "photo-unusable")["detail"] == reason
    ok(world.send(visit, world.submission(with_photo(declared["id"]))), 201)
    shown = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert shown["photos"] == {
        "expected": 1,
        "stored": 0,
        "missing": [declared["id"]],
        "unusable": [declared["id"]],
    }
    world.photo(visit, id=declared["id"])
    assert ok(world.shopper.get(f"/visits/{visit['id']}"))["status"] == "accepted"


@pytest.mark.parametrize(
    ("format", "content_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")]
)
def test_a_picture_of_each_format_is_kept_as_jpeg(world: World, format: str, content_type: str) -> None:
    visit = world.visit()
    data = pictures.encoded(pictures.scene(300, 200), format)
    photo_id = world.photo(visit, data, content_type=content_type)
    location = world.shopper.get(f"/visits/{visit['id']}/photos/{photo_id}").headers["Location"]
    kept, mimetype = bytes_of(world, location)
    assert mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(kept)).size == (300, 200)


def test_a_heic_picture_is_kept_as_jpeg(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, pictures.heic(pictures.scene(320, 240)), content_type="image/heic")
    location = world.shopper.get(f"/visits/{visit['id']}/photos/{photo_id}").headers["Location"]
    assert Image.open(io.BytesIO(bytes_of(world, location)[0])).format == "JPEG"


def test_what_the_camera_wrote_is_gone_from_the_picture_and_kept_as_evidence(world: World) -> None:
    visit = world.visit()
    taken = datetime.now(UTC) - timedelta(minutes=5)
    data = pictures.jpeg(
        exif=pictures.exif(
            orientation=6, taken_at=taken.strftime("%Y:%m:%d %H:%M:%S"), offset="+00:00", make="Phonemaker"
        )
    )
    photo_id = world.photo(visit, data)
    ok(world.send(visit, world.submission(with_photo(photo_id))), 201)
    picture = world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}")
    assert picture.mimetype == "image/jpeg"
    kept = Image.open(io.BytesIO(picture.data))
    assert kept.size == (480, 640)
    assert not kept.getexif()
    assert b"Phonemaker" not in picture.data
    with world.database.read_snapshot() as session:
        row = session.get_one(photos.Photo, (uuid.UUID(visit["id"]), uuid.UUID(photo_id)))
    assert row.make
    assert row.make.startswith("Phonemaker")
    assert row.taken_at == taken.replace(microsecond=0)


def test_the_thumbnail_is_480_pixels_at_the_most(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, pictures.jpeg(3000, 1500))
    path = f"/visits/{visit['id']}/photos/{photo_id}"
    whole = Image.open(io.BytesIO(bytes_of(world, world.shopper.get(path).headers["Location"])[0]))
    small = Image.open(
        io.BytesIO(bytes_of(world, world.shopper.get(f"{path}/thumbnail").headers["Location"])[0])
    )
    assert (whole.size, small.size) == ((2560, 1280), (480, 240))


def test_shopper_reviewer_and_administrator_get_a_link_and_managers_the_picture(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    path = f"/visits/{visit['id']}/photos/{photo_id}"
    problem(world.manager.get(path), 404, "visit-not-found")
    ok(world.send(visit, world.submission(with_photo(photo_id))), 201)
    for caller in (world.shopper, world.reviewer, world.admin):
        assert caller.get(path).status_code == 302
    shown = world.manager.get(path)
    assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    assert "Last-Modified" not in shown.headers
    problem(world.person("shopper").get(path), 404, "visit-not-found")
    other = world.person("manager", location_ids=[world.new_location()["id"]])
    problem(other.get(path), 404, "visit-not-found")


def test_managers_see_no_private_photo_and_none_that_the_answers_do_not_name(world: World) -> None:
    visit = world.visit()
    receipt = world.photo(visit, question="receipt")
    unnamed = world.photo(visit)
    ok(world.send(visit, world.submission(with_photo(receipt, "receipt"))), 201)
    for photo_id in (receipt, unnamed, str(uuid.uuid4())):
        response = world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}")
        problem(response, 404, "photo-not-found")
    assert world.reviewer.get(f"/visits/{visit['id']}/photos/{receipt}").status_code == 302


def test_a_photo_belongs_to_the_visit_that_it_was_declared_for(world: World) -> None:
    mine, other = world.visit(), world.visit(world.person("shopper"))
    photo_id = world.photo(mine)
    problem(world.shopper.post(f"/visits/{other['id']}/photos/{photo_id}/confirm"), 404, "visit-not-found")
    stranger = world.person("shopper")
    problem(stranger.get(f"/visits/{mine['id']}/photos/{photo_id}"), 404, "visit-not-found")
    problem(
        stranger.put(
            f"/visits/{mine['id']}/photos/{photo_id}",
            {"question": "greeting", "sha256": "0" * 64, "size": 1, "content_type": "image/jpeg"},
        ),
        404,
        "visit-not-found",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("question", "nowhere"),
        ("question", "wait"),
        ("sha256", "ABC"),
        ("size", 20 * 2**20 + 1),
        ("size", 0),
        ("size", "5"),
        ("content_type", "image/gif"),
        ("taken_at", "2026-01-01T10:00:00"),
        ("position", {"latitude": 91, "longitude": 0}),
    ],
)
def test_a_declaration_that_is_wrong_says_where(world: World, field: str, value: Any) -> None:
    visit = world.visit()
    body = {"question": "greeting", "sha256": "0" * 64, "size": 10, "content_type": "image/jpeg"}
    response = world.shopper.put(f"/visits/{visit['id']}/photos/{uuid.uuid4()}", body | {field: value})
    assert pointers(problem(response, 422, "invalid"))[0].startswith(f"/{field}")


def test_answers_cannot_name_a_photo_of_another_question(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, question="receipt")
    response = world.send(visit, world.submission(with_photo(photo_id)))
    assert pointers(problem(response, 422, "invalid")) == ["/answers/greeting/photos/0"]
    photo_id = str(uuid.uuid4())
    ok(world.send(visit, world.submission(with_photo(photo_id))), 201)
    response = world.shopper.put(
        f"/visits/{visit['id']}/photos/{photo_id}",
        {"question": "receipt", "sha256": "0" * 64, "size": 10, "content_type": "image/jpeg"},
    )
    assert pointers(problem(response, 422, "invalid")) == ["/question"]


def test_photos_may_come_after_the_answers_and_the_last_one_completes_the_visit(world: World) -> None:
    visit = world.visit()
    ids = [str(uuid.uuid4()), str(uuid.uuid4())]
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": ids}}
    assert ok(world.send(visit, world.submission(answers)), 201)["photos"] == ids
    world.photo(visit, id=ids[0])
    shown = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert shown["status"] == "submitted"
    assert shown["photos"] == {"expected": 2, "stored": 1, "missing": [ids[1]], "unusable": []}
    world.photo(visit, id=ids[1])
    shown = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (shown["status"], shown["photos"]["missing"]) == ("accepted", [])


def test_two_last_photos_confirmed_at_once_complete_the_visit_once(world: World) -> None:
    visit = world.visit()
    declared = [
        (world.declare(visit, data), data) for data in (pictures.jpeg(seed=11), pictures.jpeg(seed=12))
    ]
    for each, data in declared:
        assert world.upload(each["upload"], data) == 200
    ids = [each["id"] for each, _ in declared]
    ok(world.send(visit, world.submission({**ALL_WELL, "greeting": {"value": "yes", "photos": ids}})), 201)
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(
                lambda photo_id: world.shopper.post(f"/visits/{visit['id']}/photos/{photo_id}/confirm"),
                [*ids, *ids],
            )
        )
    assert {answer.status_code for answer in answers} <= {200, 202}
    shown = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert (shown["status"], len(shown["decisions"])) == ("accepted", 1)


def test_a_photo_that_is_being_looked_at_answers_202(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    path = f"/visits/{visit['id']}/photos/{declared['id']}/confirm"
    with photos.reserve(uuid.UUID(visit["id"]), uuid.UUID(declared["id"])) as free:
        assert free
        response = world.shopper.post(path)
        assert ok(response, 202) == {"id": declared["id"], "status": "checking"}
        assert int(response.headers["Retry-After"]) > 0
    ok(world.shopper.post(path), 200)


def test_a_store_that_is_down_answers_503_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200

    def down(*_arguments: object) -> bytes:
        raise StoreDown("gone")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.store), "read", down)
        response = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
        problem(response, 503, "photo-store-unavailable")
        assert int(response.headers["Retry-After"]) > 0
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm"), 200)


def test_the_sweep_removes_what_nothing_points_at_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_store.claim(world.database, world.store)
    visit = world.visit()
    kept = world.photo(visit)
    data = pictures.jpeg()
    fresh = world.declare(visit, data)
    assert world.upload(fresh["upload"], data) == 200
    orphan = f"photos/{visit['id']}/{kept}.{uuid.uuid4()}.jpg"
    world.store.write(orphan, b"left by a killed process", "image/jpeg")

    def sweep() -> None:
        photo_store.sweep(world.database, world.store)

    def there(prefix: str) -> set[str]:
        return {key for key, _ in world.store.list(f"{prefix}/{visit['id']}")}

    sweep()
    assert orphan in there("photos"), "what is just being written is let be"
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr(photo_store, "now", lambda: later)
    sweep()
    assert len(there("photos")) == 2
    assert orphan not in there("photos")
    assert len(there("incoming")) == 1, "a fresh upload stays"
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{fresh['id']}/confirm"), 200)
    abandoned = world.declare(visit, data, id=str(uuid.uuid4()))
    assert world.upload(abandoned["upload"], data) == 200
    monkeypatch.setattr(photo_store, "now", lambda: later + timedelta(days=30))
    sweep()
    assert not there("incoming")
    assert len(there("photos")) == 4


def test_the_sweep_sees_the_rows_of_what_was_stored_while_it_ran(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_store.claim(world.database, world.store)
    visit = world.visit()
    whole = type(world.store).list
    later = datetime.now(UTC) + timedelta(hours=2)

    def listed(store: Any, prefix: str) -> Any:
        if prefix == "photos/":
            world.photo(visit)
        return whole(store, prefix)

    with monkeypatch.context() as patch:
        patch.setattr(type(world.store), "list", listed)
        patch.setattr(photo_store, "now", lambda: later)
        photo_store.sweep(world.database, world.store)
    assert len(list(world.store.list(f"photos/{visit['id']}"))) == 2


def test_a_sweep_ends_when_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    photo_store.claim(world.database, world.store)
    key = f"photos/{uuid.uuid4()}/{uuid.uuid4()}.jpg"
    world.store.write(key, b"an orphan", "image/jpeg")
    monkeypatch.setattr(photo_store, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
    assert photo_store.sweep(world.database, world.store, lambda: True) == 0
    assert key in dict(world.store.list("photos/"))


@pytest.fixture
def two_programs(tmp_path: Path) -> Iterator[tuple[Database, Database, FolderStore]]:
    """Two databases and one empty store."""
    one, other = (Database(f"sqlite:///{tmp_path / name}.sqlite3") for name in ("one", "other"))
    for database in (one, other):
        migrations.upgrade(database)
    yield one, other, FolderStore(tmp_path / "photos", "s" * 32, lambda: "http://localhost")
    for database in (one, other):
        database.close()


def test_only_the_database_that_a_store_belongs_to_may_sweep_it(
    two_programs: tuple[Database, Database, FolderStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, other, store = two_programs
    orphan = f"photos/{uuid.uuid4()}/{uuid.uuid4()}.jpg"
    store.write(orphan, b"of nobody knows whom", "image/jpeg")
    monkeypatch.setattr(photo_store, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
    for database in (ours, other):
        with pytest.raises(photo_store.ForeignStore, match="another database"):
            photo_store.sweep(database, store)
    store.delete(orphan)
    assert photo_store.sweep(ours, store) == 0  # empty: it is the first one's now
    store.write(orphan, b"of nobody knows whom", "image/jpeg")
    moments = (datetime.now(UTC) + timedelta(hours=hours) for hours in range(3, 1000))
    monkeypatch.setattr(photo_store, "now", lambda: next(moments))
    with pytest.raises(photo_store.ForeignStore):
        photo_store.sweep_when_due(other, store, lambda: False)
    assert photo_store.sweep(ours, store) == 1
    store.delete("installation")
    store.write(orphan, b"of nobody knows whom", "image/jpeg")
    with pytest.raises(photo_store.ForeignStore):
        photo_store.sweep(ours, store)
    photo_store.claim(ours, store)
    assert photo_store.sweep(ours, store) == 1


def test_a_copy_of_the_database_is_not_taken_for_it(
    two_programs: tuple[Database, Database, FolderStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, copy, store = two_programs
    photo_store.verify_ownership(ours, store)
    with ours.read_snapshot() as session:
        row = session.get_one(Installation, 1)
        copied = Installation(id=1, store_mark=row.store_mark, marked_at=row.marked_at)
    copy.write(lambda session: session.add(copied))
    before = store.read("installation", 100)
    monkeypatch.setattr(photo_store, "now", lambda: datetime.now(UTC) + timedelta(hours=2))
    photo_store.sweep_when_due(ours, store, lambda: False)
    assert store.read("installation", 100) != before
    photo_store.sweep(ours, store)
    with pytest.raises(photo_store.ForeignStore):
        photo_store.sweep(copy, store)


def test_of_several_workers_one_sweeps_in_an_hour_and_may_die_in_between(
    two_programs: tuple[Database, Database, FolderStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, _, store = two_programs
    first = photo_store.verify_ownership(ours, store)
    photo_store.sweep_when_due(ours, store, lambda: False)
    assert photo_store.verify_ownership(ours, store) == first, "the hour is not over"
    later = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr(photo_store, "now", lambda: later)
    photo_store.sweep_when_due(ours, store, lambda: False)
    second = photo_store.verify_ownership(ours, store)
    photo_store.sweep_when_due(ours, store, lambda: False)
    assert photo_store.verify_ownership(ours, store) == second != first
    # One that died after the database knew the new mark, and before the store did.
    store.write("installation", first.encode(), "text/plain")
    assert photo_store.verify_ownership(ours, store) == first


def test_the_commands_say_whose_the_store_is(tmp_path: Path) -> None:
    app = create_app(Settings.from_environment({"DATA_DIR": str(tmp_path)}))
    parts = app.extensions["survey"]
    migrations.upgrade(parts.database)
    parts.store.write("photos/an-orphan.jpg", b"", "image/jpeg")
    run = app.test_cli_runner().invoke
    refused = run(args=["photos", "sweep"])
    assert refused.exit_code == 1
    assert "belongs to another database" in refused.output
    assert run(args=["photos", "claim"]).exit_code == 0
    assert run(args=["photos", "sweep"]).output == "Removed 0.\n"
    parts.database.close()


def test_what_was_uploaded_for_an_earlier_declaration_is_removed(world: World) -> None:
    visit, one, other = world.visit(), pictures.jpeg(seed=31), pictures.jpeg(seed=32)
    declared = world.declare(visit, one)
    assert world.upload(declared["upload"], one) == 200
    world.declare(visit, one, id=declared["id"])
    assert len(list(world.store.list(f"incoming/{visit['id']}"))) == 1
    world.declare(visit, other, id=declared["id"])
    assert list(world.store.list(f"incoming/{visit['id']}")) == []


def test_an_upload_that_no_row_names_is_swept_after_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo_store.claim(world.database, world.store)
    visit, data = world.visit(), pictures.jpeg()
    link = world.declare(visit, data)["upload"]
    assert world.upload(link, data) == 200
    ((named, _),) = world.store.list(f"incoming/{visit['id']}")
    world.store.write(f"{named}0", b"an earlier one", "image/jpeg")
    later = datetime.now(UTC) + timedelta(hours=2)
    monkeypatch.setattr(photo_store, "now", lambda: later)
    photo_store.sweep(world.database, world.store)
    assert [key for key, _ in world.store.list(f"incoming/{visit['id']}")] == [named]


def test_a_confirmation_that_waits_too_long_answers_202_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    path = f"/visits/{visit['id']}/photos/{declared['id']}/confirm"
    monkeypatch.setattr(photos, "SLOT_WAIT_SECONDS", 0.05)
    with turn(1):
        response = world.shopper.post(path)
    assert ok(response, 202) == {"id": declared["id"], "status": "checking"}
    assert int(response.headers["Retry-After"]) > 0
    ok(world.shopper.post(path), 200)


def test_no_snapshot_is_open_while_a_picture_is_fetched(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    ok(world.send(visit, world.submission(with_photo(photo_id))), 201)
    whole = type(world.store).read

    def read(store: Any, key: str, limit_bytes: int) -> bytes:
        assert "reading" not in g
        return whole(store, key, limit_bytes)

    monkeypatch.setattr(type(world.store), "read", read)
    assert world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}").status_code == 200


def test_links_of_the_embedded_store_are_signed(embedded_app: Flask) -> None:
    world = World(embedded_app)
    visit, data = world.visit(), pictures.jpeg()
    link = world.declare(visit, data)["upload"]
    forged = {**link, "url": link["url"][:-3] + "abc"}
    assert world.upload(forged, data) == 403
    response = world.app.test_client().get(urlsplit(link["url"]).path)
    problem(response, 403, "upload-refused")
    assert isinstance(world.store, FolderStore)


def test_a_picture_seen_before_is_found_by_index(embedded_app: Flask) -> None:
    """So it stays quick at a million photos. (PostgreSQL's plan depends on how many there are.)"""
    given = {"organization_id": uuid.uuid4(), **photo_duplicates.get_band_parameters(0x0123_4567_89AB_CDEF)}
    with World(embedded_app).database.read_snapshot() as session:
        compiled = photo_duplicates.LOOK_ALIKES.compiled(session.get_bind().dialect, given)
        explain = f"EXPLAIN QUERY PLAN {compiled.text}"
        plan = session.connection().exec_driver_sql(explain, tuple(compiled.bound(given)))
        steps = " ".join(str(row[-1]) for row in plan)
    assert all(f"ix_photos_organization_id_band_{band}" in steps for band in range(4)), steps


def test_a_checklist_without_photos_takes_none(world: World) -> None:
    document = {**CHECKLIST, "key": "bare", "sections": [dict(CHECKLIST["sections"][0])]}
    document["sections"][0]["questions"] = [
        {"key": "greeting", "text": "Greeted?", "type": "yes_no", "points": 1}
    ]
    world.publish(document)
    visit = world.visit(checklist_key="bare")
    response = world.shopper.put(
        f"/visits/{visit['id']}/photos/{uuid.uuid4()}",
        {"question": "greeting", "sha256": "0" * 64, "size": 10, "content_type": "image/jpeg"},
    )
    problem(response, 422, "invalid")

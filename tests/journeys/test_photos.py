"""Photos over HTTP, on both stores: declared, uploaded, confirmed, shown and swept."""

import hashlib
import io
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask, g
from PIL import Image
from sqlalchemy import text

from api.services import photo_confirmation, photo_duplicates, photo_store, photo_sweep, photos
from tests.support import pictures
from tests.support.world import ALL_WELL, CHECKLIST, World, ok, pointers, problem
from uploads.folder import FolderStore
from uploads.slots import decoding_slot
from uploads.store import StoreUnavailable

pytestmark = pytest.mark.one_database


def with_photo(photo_id: str, question: str = "greeting") -> dict[str, Any]:
    photo_answer = {"photos": [photo_id]} if question == "receipt" else {"value": "yes", "photos": [photo_id]}
    return {**ALL_WELL, question: photo_answer}


def fetch(world: World, address: str) -> tuple[bytes, str]:
    """Return the bytes and the type behind a link from the API, to either store."""
    url = urlsplit(address)
    if url.hostname == "localhost":
        response = world.app.test_client().get(url.path)
        assert response.status_code == 200
        return response.data, response.mimetype
    from urllib.request import urlopen

    with urlopen(address, timeout=30) as remote_response:
        return remote_response.read(), remote_response.headers["Content-Type"]


def test_photo_is_declared_uploaded_and_confirmed_and_each_step_can_be_repeated(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg(800, 600)
    declared = world.declare(visit, data)
    assert declared["status"] == "awaiting_upload"
    assert declared["upload"]["method"] == "PUT"
    repeated = world.declare(visit, data, id=declared["id"])
    assert repeated["upload"]["url"]
    assert world.upload(repeated["upload"], data) == 200
    assert world.upload(repeated["upload"], data) == 412
    path = f"/visits/{visit['id']}/photos/{declared['id']}"
    confirmation = world.shopper.post(f"{path}/confirm")
    assert ok(confirmation, 200) == {"id": declared["id"], "status": "stored", "width": 800, "height": 600}
    assert world.shopper.post(f"{path}/confirm").data == confirmation.data
    assert "upload" not in world.declare(visit, data, id=declared["id"])


def test_first_declaration_returns_201_and_later_ones_200(world: World) -> None:
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


def test_other_bytes_can_be_declared_until_the_photo_is_stored(world: World) -> None:
    visit = world.visit()
    first, second = pictures.jpeg(seed=1), pictures.jpeg(seed=2)
    photo_id = world.declare(visit, first)["id"]
    declared = world.declare(visit, second, id=photo_id)
    assert world.upload(declared["upload"], second) == 200
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{photo_id}/confirm"), 200)
    response = world.shopper.put(
        f"/visits/{visit['id']}/photos/{photo_id}",
        {
            "question": "greeting",
            "sha256": hashlib.sha256(first).hexdigest(),
            "size": len(first),
            "content_type": "image/jpeg",
        },
    )
    problem(response, 409, "photo-conflict")


def test_store_rejects_bytes_that_were_not_declared(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg()
    link = world.declare(visit, data)["upload"]
    assert world.upload(link, data[:-1] + b"x") == 400
    assert world.upload(link, data + b"x") in (400, 403)
    assert world.upload({**link, "headers": {**link["headers"], "Content-Type": "image/png"}}, data) == 403
    assert world.upload(link, data) == 200


def test_photo_without_uploaded_bytes_cannot_be_confirmed(world: World) -> None:
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
def test_unusable_photo_has_a_reason_and_can_be_declared_again(world: World, data: bytes) -> None:
    visit = world.visit()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    response = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
    reason = problem(response, 422, "photo-unusable")["detail"]
    replay = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
    assert problem(replay, 422, "photo-unusable")["detail"] == reason
    ok(world.send(visit, world.submission(with_photo(declared["id"]))), 201)
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert details["photos"] == {
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
def test_picture_of_every_format_is_stored_as_jpeg(world: World, format: str, content_type: str) -> None:
    visit = world.visit()
    data = pictures.encoded(pictures.scene(300, 200), format)
    photo_id = world.photo(visit, data, content_type=content_type)
    location = world.shopper.get(f"/visits/{visit['id']}/photos/{photo_id}").headers["Location"]
    stored, mimetype = fetch(world, location)
    assert mimetype == "image/jpeg"
    assert Image.open(io.BytesIO(stored)).size == (300, 200)


def test_heic_picture_is_stored_as_jpeg(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, pictures.heic(pictures.scene(320, 240)), content_type="image/heic")
    location = world.shopper.get(f"/visits/{visit['id']}/photos/{photo_id}").headers["Location"]
    assert Image.open(io.BytesIO(fetch(world, location)[0])).format == "JPEG"


def test_metadata_is_removed_from_the_picture_and_stored_as_evidence(world: World) -> None:
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
    stored = Image.open(io.BytesIO(picture.data))
    assert stored.size == (480, 640)
    assert not stored.getexif()
    assert b"Phonemaker" not in picture.data
    with world.database.read_snapshot() as session:
        row = session.get_one(photos.Photo, (uuid.UUID(visit["id"]), uuid.UUID(photo_id)))
    assert row.make
    assert row.make.startswith("Phonemaker")
    assert row.taken_at == taken.replace(microsecond=0)


def test_thumbnail_has_at_most_480_pixels(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit, pictures.jpeg(3000, 1500))
    path = f"/visits/{visit['id']}/photos/{photo_id}"
    picture = Image.open(io.BytesIO(fetch(world, world.shopper.get(path).headers["Location"])[0]))
    thumbnail = Image.open(
        io.BytesIO(fetch(world, world.shopper.get(f"{path}/thumbnail").headers["Location"])[0])
    )
    assert (picture.size, thumbnail.size) == ((2560, 1280), (480, 240))


def test_managers_receive_the_picture_and_all_others_a_link(world: World) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    path = f"/visits/{visit['id']}/photos/{photo_id}"
    problem(world.manager.get(path), 404, "visit-not-found")
    ok(world.send(visit, world.submission(with_photo(photo_id))), 201)
    for caller in (world.shopper, world.reviewer, world.admin):
        assert caller.get(path).status_code == 302
    response = world.manager.get(path)
    assert (response.status_code, response.mimetype) == (200, "image/jpeg")
    assert "Last-Modified" not in response.headers
    # The name is the same for all, so that a saved picture says nothing about the shopper or the time.
    for address in (path, f"{path}/thumbnail"):
        disposition = world.manager.get(address).headers["Content-Disposition"]
        assert disposition == 'inline; filename="photo.jpg"'
    problem(world.person("shopper").get(path), 404, "visit-not-found")
    other_manager = world.person("manager", location_ids=[world.new_location()["id"]])
    problem(other_manager.get(path), 404, "visit-not-found")


def test_private_and_unnamed_photos_are_hidden_from_managers(world: World) -> None:
    visit = world.visit()
    receipt = world.photo(visit, question="receipt")
    unnamed = world.photo(visit)
    ok(world.send(visit, world.submission(with_photo(receipt, "receipt"))), 201)
    for photo_id in (receipt, unnamed, str(uuid.uuid4())):
        response = world.manager.get(f"/visits/{visit['id']}/photos/{photo_id}")
        problem(response, 404, "photo-not-found")
    assert world.reviewer.get(f"/visits/{visit['id']}/photos/{receipt}").status_code == 302


def test_photo_belongs_to_the_visit_of_its_declaration(world: World) -> None:
    visit, other_visit = world.visit(), world.visit(world.person("shopper"))
    photo_id = world.photo(visit)
    problem(
        world.shopper.post(f"/visits/{other_visit['id']}/photos/{photo_id}/confirm"), 404, "visit-not-found"
    )
    other_shopper = world.person("shopper")
    problem(other_shopper.get(f"/visits/{visit['id']}/photos/{photo_id}"), 404, "visit-not-found")
    problem(
        other_shopper.put(
            f"/visits/{visit['id']}/photos/{photo_id}",
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
def test_invalid_declaration_is_rejected_with_a_pointer(world: World, field: str, value: Any) -> None:
    visit = world.visit()
    body = {"question": "greeting", "sha256": "0" * 64, "size": 10, "content_type": "image/jpeg"}
    response = world.shopper.put(f"/visits/{visit['id']}/photos/{uuid.uuid4()}", body | {field: value})
    assert pointers(problem(response, 422, "invalid"))[0].startswith(f"/{field}")


def test_answer_that_names_a_photo_of_another_question_is_rejected(world: World) -> None:
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


def test_last_photo_after_the_answers_completes_the_visit(world: World) -> None:
    visit = world.visit()
    ids = [str(uuid.uuid4()), str(uuid.uuid4())]
    answers = {**ALL_WELL, "greeting": {"value": "yes", "photos": ids}}
    assert ok(world.send(visit, world.submission(answers)), 201)["photos"] == ids
    world.photo(visit, id=ids[0])
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert details["status"] == "submitted"
    assert details["photos"] == {"expected": 2, "stored": 1, "missing": [ids[1]], "unusable": []}
    world.photo(visit, id=ids[1])
    details = ok(world.shopper.get(f"/visits/{visit['id']}"))
    assert (details["status"], details["photos"]["missing"]) == ("accepted", [])


@pytest.mark.both_databases
def test_simultaneous_confirmations_complete_the_visit_once(world: World) -> None:
    visit = world.visit()
    uploads = [
        (world.declare(visit, data), data) for data in (pictures.jpeg(seed=11), pictures.jpeg(seed=12))
    ]
    for declaration, data in uploads:
        assert world.upload(declaration["upload"], data) == 200
    ids = [declaration["id"] for declaration, _ in uploads]
    ok(world.send(visit, world.submission({**ALL_WELL, "greeting": {"value": "yes", "photos": ids}})), 201)
    with ThreadPoolExecutor(4) as threads:
        responses = list(
            threads.map(
                lambda photo_id: world.shopper.post(f"/visits/{visit['id']}/photos/{photo_id}/confirm"),
                [*ids, *ids],
            )
        )
    assert {response.status_code for response in responses} <= {200, 202}
    details = ok(world.admin.get(f"/visits/{visit['id']}"))
    assert (details["status"], len(details["decisions"])) == ("accepted", 1)


def test_confirmation_during_another_check_returns_202(world: World) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    path = f"/visits/{visit['id']}/photos/{declared['id']}/confirm"
    with photo_confirmation.reserve(uuid.UUID(visit["id"]), uuid.UUID(declared["id"])) as is_reserved:
        assert is_reserved
        response = world.shopper.post(path)
        assert ok(response, 202) == {"id": declared["id"], "status": "checking"}
        assert int(response.headers["Retry-After"]) > 0
    ok(world.shopper.post(path), 200)


def test_unavailable_store_returns_503_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200

    def fail(*_arguments: object) -> bytes:
        raise StoreUnavailable("unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(type(world.store), "read", fail)
        response = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
        problem(response, 503, "photo-store-unavailable")
        assert int(response.headers["Retry-After"]) > 0
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm"), 200)


def test_upload_of_an_earlier_declaration_is_deleted(world: World) -> None:
    visit, first, second = world.visit(), pictures.jpeg(seed=31), pictures.jpeg(seed=32)
    declared = world.declare(visit, first)
    assert world.upload(declared["upload"], first) == 200
    world.declare(visit, first, id=declared["id"])
    assert len(list(world.store.list(f"incoming/{visit['id']}"))) == 1
    world.declare(visit, second, id=declared["id"])
    assert list(world.store.list(f"incoming/{visit['id']}")) == []


@pytest.mark.parametrize("is_stored", [False, True], ids=["replaced", "stored"])
def test_links_of_a_replaced_declaration_and_of_a_stored_photo_are_revoked(
    world: World, is_stored: bool
) -> None:
    """Presigned links of a bucket stay valid, but nothing ever reads what is sent to them."""
    visit, first, second = world.visit(), pictures.jpeg(seed=41), pictures.jpeg(seed=42)
    declared = world.declare(visit, first)
    path = f"/visits/{visit['id']}/photos/{declared['id']}/confirm"
    if is_stored:
        assert world.upload(declared["upload"], first) == 200
        ok(world.shopper.post(path), 200)
    else:
        world.declare(visit, second, id=declared["id"])
        # The bytes are those of the first declaration again, and its link is still another one.
        again = world.declare(visit, first, id=declared["id"])
        assert urlsplit(again["upload"]["url"]).path != urlsplit(declared["upload"]["url"]).path
    expected = 403 if isinstance(world.store, FolderStore) else 200
    assert world.upload(declared["upload"], first) == expected
    photo_store.claim(world.database, world.store)
    if not is_stored:
        problem(world.shopper.post(path), 409, "photo-not-uploaded")
    for _ in range(2):
        photo_sweep.sweep(world.database, world.store)
    assert list(world.store.list(f"incoming/{visit['id']}")) == []
    if not is_stored:
        assert world.upload(again["upload"], first) == 200
        ok(world.shopper.post(path), 200)


def test_at_most_100_photos_of_a_visit_wait_for_their_upload(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert photos.MAX_WAITING_PHOTOS == 100
    monkeypatch.setattr(photos, "MAX_WAITING_PHOTOS", 2)
    visit, data = world.visit(), pictures.jpeg()
    ids = [world.declare(visit, data)["id"] for _ in range(2)]
    body = {"question": "greeting", "sha256": "0" * 64, "size": 10, "content_type": "image/jpeg"}
    path = f"/visits/{visit['id']}/photos/{uuid.uuid4()}"
    problem(world.shopper.put(path, body), 409, "too-many-photos")
    repeated = world.declare(visit, data, id=ids[0])  # does not count
    assert world.upload(repeated["upload"], data) == 200
    ok(world.shopper.post(f"/visits/{visit['id']}/photos/{ids[0]}/confirm"), 200)
    assert world.shopper.put(path, body).status_code == 201


def test_an_unusable_photo_that_is_declared_again_counts_as_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, junk = world.visit(), b"not a picture"
    unusable = world.declare(visit, junk)
    assert world.upload(unusable["upload"], junk) == 200
    world.shopper.post(f"/visits/{visit['id']}/photos/{unusable['id']}/confirm")
    world.declare(visit, pictures.jpeg())
    monkeypatch.setattr(photos, "MAX_WAITING_PHOTOS", 1)
    body = {"question": "greeting", "sha256": "0" * 64, "size": 10, "content_type": "image/jpeg"}
    response = world.shopper.put(f"/visits/{visit['id']}/photos/{unusable['id']}", body)
    problem(response, 409, "too-many-photos")


def test_a_wrong_read_of_the_store_is_not_blamed_on_the_shopper(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    path = f"/visits/{visit['id']}/photos/{declared['id']}/confirm"
    read_object = type(world.store).read
    for wrong in (b"", data[:-1], bytes(len(data))):
        with monkeypatch.context() as patch:
            patch.setattr(type(world.store), "read", lambda *_, wrong=wrong: wrong)
            problem(world.shopper.post(path), 503, "photo-store-unavailable")
    wrong_reads = [data[:-1]]
    monkeypatch.setattr(
        type(world.store),
        "read",
        lambda *arguments: wrong_reads.pop() if wrong_reads else read_object(*arguments),
    )
    ok(world.shopper.post(path), 200)
    assert wrong_reads == []


def test_other_bytes_are_unusable_only_if_the_store_proves_them(world: World) -> None:
    """A service that does not enforce signed checksums accepts other bytes than were declared.

    A folder verified the bytes when it received them. If they differ now, its disk is damaged.
    """
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    with world.database.read_snapshot() as session:
        key = session.get_one(photos.Photo, (uuid.UUID(visit["id"]), uuid.UUID(declared["id"]))).upload_key
    world.store.write(key, pictures.jpeg(seed=7), "image/jpeg")
    response = world.shopper.post(f"/visits/{visit['id']}/photos/{declared['id']}/confirm")
    if isinstance(world.store, FolderStore):
        problem(response, 503, "photo-store-unavailable")
        assert world.store.get_size(key)
    else:
        problem(response, 422, "photo-unusable")


def test_a_store_that_accepts_without_storing_is_not_believed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    path = f"/visits/{visit['id']}/photos/{declared['id']}"
    with monkeypatch.context() as patch:
        if isinstance(world.store, FolderStore):
            patch.setattr("os.replace", lambda *_: None)
        else:
            patch.setattr(world.store._client, "put_object", lambda **_: {"ETag": '"0"'})
        problem(world.shopper.post(f"{path}/confirm"), 503, "photo-store-unavailable")
    ok(world.shopper.post(f"{path}/confirm"), 200)
    assert fetch(world, world.shopper.get(path).headers["Location"])


def test_confirmation_that_waits_too_long_returns_202_and_loses_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit, data = world.visit(), pictures.jpeg()
    declared = world.declare(visit, data)
    assert world.upload(declared["upload"], data) == 200
    path = f"/visits/{visit['id']}/photos/{declared['id']}/confirm"
    monkeypatch.setattr(photo_confirmation, "SLOT_WAIT_SECONDS", 0.05)
    with decoding_slot(1):
        response = world.shopper.post(path)
    assert ok(response, 202) == {"id": declared["id"], "status": "checking"}
    assert int(response.headers["Retry-After"]) > 0
    ok(world.shopper.post(path), 200)


def test_no_snapshot_is_open_while_a_picture_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = world.visit()
    photo_id = world.photo(visit)
    ok(world.send(visit, world.submission(with_photo(photo_id))), 201)
    read_object = type(world.store).read

    def read(store: Any, key: str, limit_bytes: int) -> bytes:
        assert "reading" not in g
        return read_object(store, key, limit_bytes)

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


def test_search_for_duplicates_uses_an_index(embedded_app: Flask) -> None:
    """The search stays fast with a million photos. (PostgreSQL's plan depends on their number.)"""
    parameters = {
        "organization_id": uuid.uuid4(),
        **photo_duplicates.get_band_parameters(0x0123_4567_89AB_CDEF),
    }
    with World(embedded_app).database.read_snapshot() as session:
        query = photo_duplicates.LOOK_ALIKES.params(parameters)
        sql = query.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = session.execute(text(f"EXPLAIN QUERY PLAN {sql}"))
        steps = " ".join(str(row[-1]) for row in plan)
    assert all(f"ix_photos_organization_id_band_{band}" in steps for band in range(4)), steps


def test_photo_for_a_checklist_without_photos_is_rejected(world: World) -> None:
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

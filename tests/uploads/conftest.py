"""The two photo stores, as phones and the server reach them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from tests.support import servers
from uploads.folder import ContentMismatch, FolderStore, LinkRejected, ObjectExists
from uploads.s3 import S3Store
from uploads.store import ObjectMissing, Store

UNREACHABLE = "http://127.0.0.1:9"
STATUSES = {LinkRejected: 403, ContentMismatch: 400, ObjectExists: 412, ObjectMissing: 404}


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(f"{request.param}_store")


@pytest.fixture(params=["folder", "s3"])
def broken_store(request: pytest.FixtureRequest) -> Store:
    return request.getfixturevalue(f"broken_{request.param}_store")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[servers.S3]:
    with servers.s3() as server:
        yield server


@pytest.fixture
def s3_store(s3_server: servers.S3, monkeypatch: pytest.MonkeyPatch) -> S3Store:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return S3Store(s3_server.new_bucket(), s3_server.endpoint_url, s3_server.endpoint_url)


@pytest.fixture
def broken_s3_store(monkeypatch: pytest.MonkeyPatch) -> S3Store:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "any-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "any-secret")
    return S3Store("photos", UNREACHABLE, UNREACHABLE)


@pytest.fixture
def folder_store(tmp_path: Path) -> Iterator[FolderStore]:
    """A folder store, with a minimal server that handles its links."""
    server = make_server(
        "127.0.0.1", 0, Request.application(lambda request: respond(store, request)), threaded=True
    )
    store = FolderStore(tmp_path / "photos", [b"s" * 32], lambda: f"http://127.0.0.1:{server.port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield store
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def broken_folder_store(tmp_path: Path) -> FolderStore:
    """A folder store whose disk was removed."""
    folder = tmp_path / "unplugged"
    store = FolderStore(folder, [b"s" * 32], lambda: UNREACHABLE)
    (folder / ".part").rmdir()
    folder.rmdir()
    return store


def respond(store: FolderStore, request: Request) -> Response:
    token = request.path.removeprefix("/photo-store/")
    try:
        if request.method == "PUT":
            store.receive(token, request.stream, request.content_length, request.content_type or "")
            return Response()
        path, content_type = store.open_download(token)
        return Response(path.read_bytes(), content_type=content_type)
    except tuple(STATUSES) as error:
        request.get_data()  # read the body, so that the phone can finish sending and read the response
        return Response(str(error), STATUSES[type(error)])

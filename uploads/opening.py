"""Opens a store in another process, by the description that the store gave."""

import secrets
from collections.abc import Mapping
from pathlib import Path

from uploads.folder import FolderStore
from uploads.s3 import S3Store
from uploads.store import Store


def open_store(description: Mapping[str, str | None]) -> Store:
    """Return the store that ``Store.describe`` described, for reading and writing.

    A folder store that was opened so cannot create links, because the secret that signs them stays with the
    server.
    """
    bucket = description.get("bucket")
    if bucket is not None:
        return S3Store(bucket, description["endpoint_url"])
    folder = description["folder"]
    assert folder is not None
    return FolderStore(Path(folder), [secrets.token_bytes()], _reject_links)


def _reject_links() -> str:
    raise NotImplementedError("This store cannot create links.")

"""A photo store in a bucket with the S3 protocol. Phones upload to it and download from it directly."""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from uploads.store import (
    CHUNK_BYTES,
    DOWNLOAD_SECONDS,
    UPLOAD_SECONDS,
    ObjectMissing,
    OnFailure,
    StoreUnavailable,
    UploadLink,
    ignore_failure,
    verify_size,
    verify_written,
)

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from botocore.response import StreamingBody
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import HeadObjectOutputTypeDef


class S3Store:
    """A ``Store`` in an existing bucket.

    ``endpoint_url`` is the address at which this server reaches the service (None: Amazon's). ``public_url``
    is the address at which phones reach it (None: the same). Credentials and region come from the usual AWS
    variables. They must allow listing the bucket; otherwise S3 reports a missing object as a forbidden one.
    """

    def __init__(
        self,
        bucket: str,
        endpoint_url: str | None = None,
        public_url: str | None = None,
        on_failure: OnFailure = ignore_failure,
    ) -> None:
        self._bucket = bucket
        self._endpoint_url = endpoint_url
        self._on_failure = on_failure
        self._client = _create_client(endpoint_url)
        self._public_client = (
            _create_client(public_url) if public_url and public_url != endpoint_url else self._client
        )

    def create_upload_link(
        self, key: str, sha256_hex: str, size: int, content_type: str, seconds: int = UPLOAD_SECONDS
    ) -> UploadLink:
        """Return a link that accepts exactly these ``size`` bytes, once, and stores them under ``key``.

        The link expires after ``seconds``. The length is signed too, but is not among the headers, because
        browsers set it themselves.
        """
        sha256 = base64.b64encode(bytes.fromhex(sha256_hex)).decode()
        with self._translate_errors("link"):
            url = self._public_client.generate_presigned_url(
                "put_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": key,
                    "ContentType": content_type,
                    "ContentLength": size,
                    "ChecksumSHA256": sha256,
                    "IfNoneMatch": "*",
                },
                ExpiresIn=seconds,
            )
        headers = {"Content-Type": content_type, "x-amz-checksum-sha256": sha256, "If-None-Match": "*"}
        return UploadLink("PUT", url, headers, datetime.now(UTC) + timedelta(seconds=seconds))

    def create_download_link(self, key: str, content_type: str, seconds: int = DOWNLOAD_SECONDS) -> str:
        """Return a URL that serves the object as ``content_type`` and expires after ``seconds``."""
        with self._translate_errors("link"):
            return self._public_client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": key,
                    "ResponseContentType": content_type,
                    "ResponseCacheControl": "private",
                    "ResponseContentDisposition": "inline",
                },
                ExpiresIn=seconds,
            )

    def read(self, key: str, limit_bytes: int) -> bytes:
        """Return at most the first ``limit_bytes`` of the object. Raises ``ObjectMissing``."""
        with self._translate_errors("read"):
            response = self._client.get_object(Bucket=self._bucket, Key=key)
            with response["Body"] as body:
                data = body.read(limit_bytes)
            if len(data) < min(response["ContentLength"], limit_bytes):
                raise OSError("The object was received incompletely")
        return data

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store ``data`` atomically, replacing an existing object.

        On return, the data is durable: it was read again. To ask for a checksum would take as long (4 ms for
        400 kB), and not every service has one.
        """
        with self._translate_errors("write"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)
            verify_written(self, key, data)

    def write_file(self, key: str, path: Path, content_type: str) -> None:
        """Store the content of a local file, like ``write``. The file may be larger than the memory."""
        with self._translate_errors("write"), path.open("rb") as file:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=file, ContentType=content_type)
            verify_size(self, key, path.stat().st_size)

    def stream(self, key: str) -> Iterator[bytes]:
        """Return the content of the object in chunks. Raises ``ObjectMissing`` before the first chunk."""
        with self._translate_errors("read"):
            response = self._client.get_object(Bucket=self._bucket, Key=key)
        return self._read_chunks(response["Body"], response["ContentLength"])

    def _read_chunks(self, body: "StreamingBody", size: int) -> Iterator[bytes]:
        with self._translate_errors("read"), body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                size -= len(chunk)
                yield chunk
            if size:
                raise OSError("The object was received incompletely")

    def get_size(self, key: str) -> int:
        """Return the length of the object in bytes. Raises ``ObjectMissing``."""
        return self._read_head(key)["ContentLength"]

    def has_checksum_of(self, key: str, data: bytes) -> bool:
        """Return whether the store's own length and checksum prove that the object is ``data``.

        A service without SHA-256 has the MD5 of objects as their ETag. An encrypted object may have another
        ETag; then nothing is proven.
        """
        head = self._read_head(key)
        if head["ContentLength"] != len(data):
            return False
        sha256 = head.get("ChecksumSHA256")
        if sha256 is not None:
            return sha256 == base64.b64encode(hashlib.sha256(data).digest()).decode()
        return head["ETag"].strip('"') == hashlib.md5(data, usedforsecurity=False).hexdigest()

    def _read_head(self, key: str) -> "HeadObjectOutputTypeDef":
        from botocore.exceptions import ClientError

        with self._translate_errors("read"):
            try:
                return self._client.head_object(Bucket=self._bucket, Key=key, ChecksumMode="ENABLED")
            except ClientError as error:
                if error.response["Error"]["Code"] != "404":
                    raise
                self._client.head_bucket(Bucket=self._bucket)  # HEAD does not say which of both is missing
                raise ObjectMissing(str(error)) from error

    def delete(self, key: str) -> None:
        """Delete the object. Succeeds if there is no such object."""
        with self._translate_errors("delete"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield the key of each object that begins with ``prefix``, and when it was last written (UTC)."""
        with self._translate_errors("list"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            ):
                for item in page.get("Contents", []):
                    yield item["Key"], item["LastModified"].astimezone(UTC)

    def check(self) -> None:
        """Raise ``StoreUnavailable`` unless the bucket can be reached."""
        with self._translate_errors("check"):
            self._client.head_bucket(Bucket=self._bucket)

    def describe(self) -> Mapping[str, str | None]:
        """Return what another process needs to open the same store with ``opening.open_store``.

        It takes the credentials from its environment, as this process did.
        """
        return {"bucket": self._bucket, "endpoint_url": self._endpoint_url}

    @contextmanager
    def _translate_errors(self, operation: str) -> Iterator[None]:
        """Raise the exceptions of a store instead of those of the AWS library."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (ClientError, BotoCoreError, OSError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == "NoSuchKey":
                raise ObjectMissing(str(error)) from error
            self._on_failure(operation)
            raise StoreUnavailable(str(error)) from error


@cache
def _get_loader() -> "Loader":
    """Return the loader of Amazon's service descriptions: many megabytes, shared by forked processes."""
    from botocore.loaders import create_loader

    return create_loader()


def _create_client(endpoint_url: str | None) -> "S3Client":
    """Return a client with short timeouts.

    boto3 is imported here, so that a server with a folder store does not need memory for it.
    """
    import boto3
    import botocore.session
    from botocore.config import Config

    core = botocore.session.get_session()
    core.register_component("data_loader", _get_loader())
    session = boto3.Session(botocore_session=core)
    return session.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=session.region_name or "us-east-1",
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path"},
            connect_timeout=3,
            read_timeout=20,
            retries={"total_max_attempts": 2, "mode": "standard"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )

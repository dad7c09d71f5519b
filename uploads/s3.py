"""A photo store in a bucket with the S3 protocol; phones send to it and fetch from it directly."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from uploads.store import DOWNLOAD_SECONDS, UPLOAD_SECONDS, Missing, StoreDown, Tell, UploadLink, untold

if TYPE_CHECKING:
    from botocore.loaders import Loader
    from types_boto3_s3 import S3Client


class S3Store:
    """A ``Store`` in an existing bucket.

    ``endpoint_url`` is the service as this server reaches it (None: Amazon's), ``public_url`` as phones do
    (None: the same). Credentials and region come from the usual AWS variables; they must allow to list the
    bucket, or else a missing object looks like a forbidden one.
    """

    def __init__(
        self,
        bucket: str,
        endpoint_url: str | None = None,
        public_url: str | None = None,
        tell: Tell = untold,
    ) -> None:
        self._bucket = bucket
        self._tell = tell
        self._client = _client(endpoint_url)
        self._public = _client(public_url) if public_url and public_url != endpoint_url else self._client

    def upload_link(
        self, key: str, sha256_hex: str, size: int, content_type: str, seconds: int = UPLOAD_SECONDS
    ) -> UploadLink:
        """Return a link by which exactly these bytes (``size`` of them) can be sent, once, under ``key``.

        The length is signed as well; it is not among the headers, since a browser sets it itself.
        """
        sha256 = base64.b64encode(bytes.fromhex(sha256_hex)).decode()
        with self._working("link"):
            url = self._public.generate_presigned_url(
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

    def download_link(self, key: str, content_type: str, seconds: int = DOWNLOAD_SECONDS) -> str:
        """Return a URL that gives the object as ``content_type`` for so many seconds."""
        with self._working("link"):
            return self._public.generate_presigned_url(
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
        """Return the object, of one over ``limit_bytes`` only the beginning; raises ``Missing``."""
        with self._working("read"):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with answer["Body"] as body:
                data = body.read(limit_bytes)
            if len(data) < min(answer["ContentLength"], limit_bytes):
                raise OSError("The object arrived incomplete")
        return data

    def write(self, key: str, data: bytes, content_type: str) -> None:
        """Store ``data`` whole or not at all, in place of what is there; on return it is safe on the disk."""
        with self._working("write"):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=content_type)

    def delete(self, key: str) -> None:
        """Remove the object; one that is not there is fine."""
        with self._working("delete"):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def list(self, prefix: str) -> Iterator[tuple[str, datetime]]:
        """Yield each key that begins with ``prefix`` and when (in UTC) its object was last written."""
        with self._working("list"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            ):
                for item in page.get("Contents", []):
                    yield item["Key"], item["LastModified"].astimezone(UTC)

    def check(self) -> None:
        """Raise ``StoreDown`` unless objects can be stored."""
        with self._working("check"):
            self._client.head_bucket(Bucket=self._bucket)

    @contextmanager
    def _working(self, operation: str) -> Iterator[None]:
        """Tell what the service refuses in the words of a store."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (ClientError, BotoCoreError, OSError) as error:
            if isinstance(error, ClientError) and error.response["Error"]["Code"] == "NoSuchKey":
                raise Missing(str(error)) from error
            self._tell(operation)
            raise StoreDown(str(error)) from error


@cache
def _loader() -> "Loader":
    """Return what reads Amazon's descriptions: many megabytes, shared by processes that are forked later."""
    from botocore.loaders import create_loader

    return create_loader()


def _client(endpoint_url: str | None) -> "S3Client":
    """Return a client that gives up soon. boto3 is imported here: a folder store spares its memory."""
    import boto3
    import botocore.session
    from botocore.config import Config

    core = botocore.session.get_session()
    core.register_component("data_loader", _loader())
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

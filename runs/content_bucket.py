"""Contents of artifacts as objects of an S3 bucket. Imported only where WHIRR_ARTIFACT_STORAGE=s3 asks for it."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO, cast

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from storages.backends.s3 import S3Storage

from runs.errors import StorageAway

log = logging.getLogger(__name__)

# Of a bucket that says nothing, twice: the library's own patience is ten minutes.
CONNECT_SECONDS = 5
READ_SECONDS = 15


@contextmanager
def answering() -> Iterator[None]:
    """Raises StorageAway where the bucket refuses, or says nothing. The log has its words, since they name it."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        log.warning("the bucket of the artifacts: %s", error)
        raise StorageAway(
            "the storage of artifacts does not answer now; try again, or see the server's log"
        ) from error


class ContentBucket(S3Storage):  # type: ignore[misc, unused-ignore]
    """What django-storages does, and reading a part of an object without fetching the whole."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        patience = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": 2, "mode": "standard"},
        )
        self.client_config: Config = self.client_config.merge(patience)

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def size(self, name: str) -> int:
        with answering():
            return int(super().size(name))

    def get_modified_time(self, name: str) -> datetime:
        with answering():
            return cast("datetime", super().get_modified_time(name))

    def check(self) -> None:
        """Ask for the bucket itself: of one that is not there, every object is merely missing. Raises StorageAway."""
        with answering():
            self.connection.meta.client.head_bucket(Bucket=self.bucket_name)

    def delete(self, name: str) -> None:
        with answering():
            super().delete(name)

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        with answering():
            found: tuple[list[str], list[str]] = super().listdir(path)
            return found

    def _save(self, name: str, content: Any) -> str:
        with answering():
            return str(super()._save(name, content))

    def opened(self, name: str, start: int, stop: int) -> BinaryIO:
        """The bytes from `start` up to `stop`, as they come over the wire."""
        if start >= stop:  # S3 knows no empty range
            return io.BytesIO()
        with answering():
            answer: Any = self.bucket.Object(self._normalize_name(name)).get(
                Range=f"bytes={start}-{stop - 1}"
            )
        return cast("BinaryIO", answer["Body"])

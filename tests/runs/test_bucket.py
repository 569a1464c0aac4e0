"""Artifacts in a bucket: a real S3 server over real HTTP, the promises of a folder, and a bucket that is away."""

import hashlib
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3  # type: ignore[import-untyped, unused-ignore]
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import storages
from django.db import connection
from pytest_django import Settings

from runs import artifacts, contents, manifest, sweeping
from runs.content_bucket import CONNECT_SECONDS, READ_SECONDS
from runs.errors import NotFound, StorageAway
from runs.models import Artifact, Run
from tests.runs.factories import NOON, make_run
from tests.site.asking import owner
from tests.support.ports import free_port
from whirr_site.settings import contents as told

DATA = bytes(range(256)) * 4000
SHA = hashlib.sha256(DATA).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server of this module's own."""
    port = free_port()
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while not _answers(url):
        assert time.monotonic() < deadline and server.poll() is None
        time.sleep(0.05)
    yield url
    server.terminate()
    server.wait(20)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/moto-api/", timeout=5):
            return True
    except OSError:
        return False


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Any:
    """An empty bucket that the settings name; its keys stand in the environment alone."""
    name = f"whirr-{secrets.token_hex(4)}"
    point_at(endpoint, name, monkeypatch)
    made = boto3.resource("s3", endpoint_url=endpoint).create_bucket(Bucket=name)
    use(settings)
    return made


def point_at(endpoint: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = {
        "AWS_ACCESS_KEY_ID": "someone",
        "AWS_SECRET_ACCESS_KEY": "canary",
        "AWS_DEFAULT_REGION": "us-east-1",
        "WHIRR_ARTIFACT_STORAGE": "s3",
        "WHIRR_S3_BUCKET": name,
        "WHIRR_S3_ENDPOINT_URL": endpoint,
        "WHIRR_S3_PREFIX": "lab",
    }
    for each, value in environment.items():
        monkeypatch.setenv(each, value)


def use(settings: Settings) -> None:
    settings.STORAGES = settings.STORAGES | {"artifacts": told.storage()}


def send(run: Run, data: bytes = DATA) -> Artifact:
    return artifacts.receive(run, 1, "m.bin", offset=0, size=len(data), data=data, now=NOON)


def names(bucket: Any) -> list[str]:
    return [each.key for each in bucket.objects.all()]


@pytest.mark.django_db
class TestABucket:
    def test_a_content_is_one_object_and_no_file(self, bucket: Any, data_dir: Path) -> None:
        assert send(make_run()).blob == send(make_run()).blob == SHA
        assert names(bucket) == [f"lab/{SHA[:2]}/{SHA}"]
        assert not [path for path in (data_dir / "blobs").rglob("*") if path.is_file()]

    def test_it_comes_back_through_the_server_whole_and_in_parts(self, bucket: Any) -> None:
        run = make_run()
        send(run)
        address = f"/api/v1/runs/{run.key}/artifacts/m.bin"
        assert owner().get(address).getvalue() == DATA
        part = owner().get(address, headers={"range": "bytes=1000-1999"})
        assert (part.status_code, part["Content-Length"]) == (206, "1000")
        assert part.getvalue() == DATA[1000:2000]
        send(run, b"")
        assert owner().get(address).getvalue() == b""

    def test_the_last_artifact_takes_the_object_along(self, bucket: Any) -> None:
        one, two = send(make_run()), send(make_run())
        one.delete()
        assert artifacts.release([SHA]) == 0
        two.delete()
        assert artifacts.release([SHA]) == len(DATA)
        assert names(bucket) == []

    def test_sweeping_finds_what_no_artifact_names(self, bucket: Any) -> None:
        kept = send(make_run())
        left = send(make_run(), b"left")
        manifest.forget(left.run, 1, [left.path])
        left.delete()
        assert sweeping.sweep(now=NOON) == 4
        assert names(bucket) == [f"lab/{SHA[:2]}/{SHA}"]
        assert artifacts.content(kept).read() == DATA

    def test_an_object_that_is_gone_is_said_to_be(self, bucket: Any) -> None:
        kept = send(make_run())
        bucket.objects.all().delete()
        with pytest.raises(NotFound):
            artifacts.content(kept)

    def test_a_bucket_that_refuses_costs_no_byte_and_tells_no_secret(
        self,
        bucket: Any,
        monkeypatch: pytest.MonkeyPatch,
        settings: Settings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        run = make_run()
        honest = settings.STORAGES
        monkeypatch.setenv("WHIRR_S3_BUCKET", "nobody-made-this-one")
        use(settings)
        with pytest.raises(StorageAway):
            contents.check()
        address = f"/api/v1/runs/{run.key}/attempts/1/artifacts/m.bin?offset=0&size={len(DATA)}"
        answer = owner().put(address, DATA, content_type="application/octet-stream")
        assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
        assert "canary" not in caplog.text + str(answer.json())
        settings.STORAGES = honest
        again = owner().put(address, DATA, content_type="application/octet-stream")
        assert again.json() == {"size": len(DATA), "complete": True}
        assert contents.size_of(SHA) == len(DATA)
        contents.check()


@pytest.mark.django_db(transaction=True)
def test_a_bucket_that_says_nothing_holds_up_nobody_else(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    """Neither another writer of the database, nor for ever whoever waits for that bucket."""
    run, other = make_run(), make_run()
    told_of = {"size": 4, "received": 4, "modified_at": NOON}
    Artifact.objects.create(run=run, attempt=1, path="a", blob=SHA, **told_of)
    with socket.create_server(("127.0.0.1", 0)) as silent, ThreadPoolExecutor() as pool:
        silent.settimeout(60)
        point_at(f"http://127.0.0.1:{silent.getsockname()[1]}", "some", monkeypatch)
        use(settings)
        store: Any = storages["artifacts"]
        config = store.connection.meta.client.meta.config
        assert (config.connect_timeout, config.read_timeout) == (CONNECT_SECONDS, READ_SECONDS)
        assert config.retries["total_max_attempts"] == 2
        for deed in (lambda: ask(run), lambda: artifacts.release([OTHER])):
            waiting = pool.submit(apart, deed)
            for _ in range(2):
                asked, _ = silent.accept()
                assert Run.objects.filter(pk=other.pk).update(name="x") == 1
                assert nobody_is_idle_in_a_transaction()
                assert not waiting.done()
                asked.close()
            with pytest.raises(StorageAway):
                waiting.result(60)


def apart(deed: Callable[[], Any]) -> Any:
    """In a thread with a connection of its own."""
    try:
        return deed()
    finally:
        connection.close()


def ask(run: Run) -> Artifact:
    """Announce a content that another artifact of the run has."""
    return artifacts.receive(run, 1, "b", offset=0, size=4, data=b"", sha256=SHA, now=NOON)


def nobody_is_idle_in_a_transaction() -> bool:
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
        )
        return bool(cursor.fetchone()[0] == 0)


class TestSettings:
    @pytest.mark.parametrize(
        ("environment", "said"),
        [
            ({"WHIRR_ARTIFACT_STORAGE": "gcs"}, "folder, s3"),
            ({"WHIRR_ARTIFACT_STORAGE": "s3"}, "WHIRR_S3_BUCKET"),
            (
                {
                    "WHIRR_ARTIFACT_STORAGE": "s3",
                    "WHIRR_S3_BUCKET": "b",
                    "WHIRR_S3_ENDPOINT_URL": "minio:9000",
                },
                "WHIRR_S3_ENDPOINT_URL must look like",
            ),
        ],
    )
    def test_what_cannot_be_meant_ends_the_start(
        self, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], said: str
    ) -> None:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ImproperlyConfigured, match=said):
            told.storage()

    def test_a_missing_package_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("WHIRR_ARTIFACT_STORAGE", "s3")
        monkeypatch.setenv("WHIRR_S3_BUCKET", "b")
        monkeypatch.setattr(told, "find_spec", lambda name: None)
        with pytest.raises(ImproperlyConfigured, match=r"whirr\[s3\]"):
            told.storage()

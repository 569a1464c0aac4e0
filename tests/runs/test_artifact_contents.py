"""Contents of artifacts: each once, under its sha256; nobody gets one by its name alone, and none is lost in a race."""

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from runs import artifacts, contents, manifest, parts, selectors
from runs.errors import ChecksumMismatch, Invalid, NotFound
from runs.models import Artifact, Run
from tests.runs.factories import NOON, make_run

HELLO = b"hello"
SHA = hashlib.sha256(HELLO).hexdigest()
OTHER = hashlib.sha256(b"other").hexdigest()


def send(run: Run, data: bytes = HELLO, path: str = "model.bin", **options: Any) -> Artifact:
    told: dict[str, Any] = {"offset": 0, "size": len(data), "now": NOON} | options
    return artifacts.receive(run, 1, path, data=data, **told)


def ask(run: Run, may_read: Callable[[str], bool] | None = None, sha256: str = SHA) -> Artifact:
    """Announce the content without its bytes."""
    return send(run, b"", "asked", size=len(HELLO), sha256=sha256, may_read=may_read)


def files(data_dir: Path) -> list[str]:
    return sorted(path.name for path in (data_dir / "blobs").rglob("*") if path.is_file())


@pytest.mark.django_db
class TestOnce:
    def test_runs_and_projects_share_a_content(self, data_dir: Path) -> None:
        for project in ("a", "b"):
            run = make_run(project=project)
            send(run, path="one")
            send(run, path="two")
        assert files(data_dir) == [SHA]
        assert {each.blob for each in Artifact.objects.all()} == {SHA}

    def test_it_is_freed_with_the_last_artifact_that_has_it(self, data_dir: Path) -> None:
        one, two = send(make_run()), send(make_run())
        one.delete()
        assert artifacts.release([SHA]) == 0
        assert files(data_dir) == [SHA]
        two.delete()
        assert artifacts.release([SHA, SHA, ""]) == len(HELLO)
        assert artifacts.release([SHA]) == 0
        assert files(data_dir) == []

    def test_the_file_of_an_upload_that_never_ended_is_freed_too(self, data_dir: Path) -> None:
        begun = send(make_run(), size=9)
        begun.delete()
        assert artifacts.release([begun.blob]) == len(HELLO)
        assert files(data_dir) == []

    def test_files_of_older_servers_are_read(self) -> None:
        run, name = make_run(), parts.new()
        parts.path_of(name).parent.mkdir()
        parts.path_of(name).write_bytes(b"old")
        told = {"size": 3, "received": 3, "modified_at": NOON}
        old = Artifact.objects.create(run=run, attempt=1, path="old", blob=name, **told)
        assert artifacts.content(old).read() == b"old"
        parts.path_of(name).unlink()
        with pytest.raises(NotFound):
            artifacts.content(old)

    def test_a_content_that_a_power_cut_made_shorter_is_mended(self, data_dir: Path) -> None:
        send(make_run())
        (data_dir / "blobs" / SHA[:2] / SHA).write_bytes(b"he")
        assert artifacts.content(send(make_run())).read() == HELLO

    def test_a_content_that_is_gone_is_said_to_be(self, data_dir: Path) -> None:
        artifact = send(make_run())
        (data_dir / "blobs" / SHA[:2] / SHA).unlink()
        with pytest.raises(NotFound, match="gone"):
            artifacts.content(artifact)


@pytest.mark.django_db
class TestChecksums:
    def test_the_right_one_changes_nothing(self) -> None:
        assert send(make_run(), sha256=SHA).blob == SHA

    def test_the_wrong_one_begins_anew(self, data_dir: Path) -> None:
        run = make_run()
        with pytest.raises(ChecksumMismatch, match="send it again"):
            send(run, sha256=OTHER)
        assert not selectors.artifacts_of(run).exists()
        assert files(data_dir) == []
        assert artifacts.content(send(run, b"other", sha256=OTHER)).read() == b"other"

    def test_another_content_of_the_same_size_takes_the_place(self, data_dir: Path) -> None:
        run = make_run()
        send(run)
        assert send(run, b"other", sha256=OTHER).is_complete
        assert artifacts.content(Artifact.objects.get()).read() == b"other"
        assert files(data_dir) == [OTHER]

    @pytest.mark.parametrize("sha256", ["x", SHA.upper(), SHA[:-1], SHA + "0", "../" + SHA[3:]])
    def test_what_is_no_sha256_is_refused(self, sha256: str) -> None:
        with pytest.raises(Invalid, match="sha256"):
            send(make_run(), sha256=sha256)
        assert not Artifact.objects.exists()

    @pytest.mark.parametrize("name", ["", "..", SHA[:63], "../" + SHA])
    def test_only_a_sha256_is_looked_up(self, name: str) -> None:
        with pytest.raises(Invalid):
            contents.of(name)


@pytest.mark.django_db
class TestKnownContents:
    def test_the_same_run_need_not_send_it_twice(self) -> None:
        run = make_run()
        send(run)
        assert ask(run).is_complete
        assert artifacts.content(selectors.artifact(run, "asked")).read() == HELLO

    def test_a_sha256_alone_gives_nobody_the_file_of_another_run(self) -> None:
        """Whoever knows a hash, from a model's page say, must not get the bytes for it."""
        send(make_run())
        stranger = make_run()
        asked = ask(stranger, lambda key: key == stranger.key)
        assert (asked.is_complete, asked.received) == (False, 0)
        assert not selectors.artifacts_of(stranger).exists()
        assert send(stranger, path="asked", sha256=SHA).is_complete

    def test_who_may_read_that_run_need_not_send_it(self) -> None:
        theirs = make_run()
        send(theirs)
        assert ask(make_run(), lambda key: key == theirs.key).is_complete

    def test_an_unknown_content_has_to_be_sent(self) -> None:
        assert not ask(make_run(), lambda key: True).is_complete

    def test_a_content_that_the_storage_has_lost_has_to_be_sent(self, data_dir: Path) -> None:
        run = make_run()
        send(run)
        (data_dir / "blobs" / SHA[:2] / SHA).unlink()
        assert not ask(run).is_complete


@pytest.mark.django_db
class TestManifest:
    def test_it_tells_what_arrived_and_the_last_line_of_a_path_counts(self) -> None:
        run = make_run()
        send(run)
        send(run, b"ab", path="ü/x")
        send(run, b"longer than before")
        found = manifest.read(run, 1)
        assert {path: each.size for path, each in found.items()} == {"model.bin": 18, "ü/x": 2}
        assert found["ü/x"].sha256 == hashlib.sha256(b"ab").hexdigest()
        artifacts.delete(Artifact.objects.filter(path="ü/x").select_related("run"))
        assert list(manifest.read(run, 1)) == ["model.bin"]

    def test_torn_and_foreign_lines_are_passed_over(self) -> None:
        run = make_run()
        send(run)
        path = manifest.path_of(run.key, 1)
        bad = [b"{", b"[]", b'{"path": 1}', b'{"path": "x", "size": "1"}', b'{"path": "x"']
        path.write_bytes(b"\n".join([path.read_bytes(), *bad]))
        send(run, path="after")  # begins a line of its own
        assert list(manifest.read(run, 1)) == ["model.bin", "after"]

    def test_a_link_in_its_place_is_neither_read_nor_written(self, tmp_path: Path) -> None:
        run = make_run()
        path = manifest.path_of(run.key, 1)
        path.parent.mkdir(parents=True)
        (tmp_path / "other").write_bytes(b"canary")
        path.symlink_to(tmp_path / "other")
        with pytest.raises(Invalid):
            manifest.read(run, 1)
        with pytest.raises(OSError, match="symbolic"):
            send(run)
        assert (tmp_path / "other").read_bytes() == b"canary"
        assert not selectors.artifacts_of(run).filter(blob=SHA).exists()


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_a_deletion_between_the_storing_and_the_naming_is_noticed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The content was there, so nothing was stored; then its last artifact goes."""
        doomed, honest = send(make_run()), contents._put

        def meanwhile(path: Path, digest: str) -> None:
            honest(path, digest)
            monkeypatch.setattr(contents, "_put", honest)
            doomed.delete()
            assert artifacts.release([digest]) == len(HELLO)

        monkeypatch.setattr(contents, "_put", meanwhile)
        assert artifacts.content(send(make_run())).read() == HELLO

    def test_uploads_and_deletions_of_one_content_at_once_lose_none(self) -> None:
        runs = [make_run() for _ in range(4)]
        start = threading.Barrier(len(runs))

        def churn(run: Run) -> None:
            try:
                start.wait(20)
                for number in range(8):
                    kept = send(run, path=str(number))
                    if number < 7:
                        Artifact.objects.filter(pk=kept.pk).delete()
                        artifacts.release([kept.blob])
            finally:
                connection.close()

        with ThreadPoolExecutor(len(runs)) as pool:
            list(pool.map(churn, runs))
        assert [artifacts.content(each).read() for each in Artifact.objects.all()] == [HELLO] * 4

    def test_the_repetition_of_a_last_part_does_not_wait_for_the_first(self) -> None:
        """Making a content of a large file takes longer than a client waits; it asks again, and is told the size."""
        run = make_run()
        begun = send(run, b"hell", size=5)
        with parts.alone(begun.blob) as mine:
            assert mine
            again = send(run, b"o", offset=4, size=5)
        assert again.received == 5
        assert artifacts.content(again).read() == HELLO
        send(run, b"o", offset=4, size=5)
        assert Artifact.objects.get().blob == SHA

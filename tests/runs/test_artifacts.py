"""Artifacts: received in parts that may be repeated, found on a shared disk, and never outside their place."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from runs import artifacts, contents, parts, selectors, storage
from runs.errors import Invalid, LeaseLost, NotFound, OffsetGap, TooLarge
from runs.models import Artifact, Run
from runs.streams import BODY_LIMIT, append_to
from tests.runs.factories import NOON, make_run

pytestmark = pytest.mark.django_db


def send(run: Run, data: bytes, *, offset: int = 0, size: int, path: str = "model.bin") -> Artifact:
    return artifacts.receive(run, 1, path, offset=offset, size=size, data=data, now=NOON)


def content(run: Run, path: str = "model.bin") -> bytes:
    return artifacts.content(selectors.artifact(run, path)).read()


class TestParts:
    def test_it_is_listed_only_once_it_is_whole(self) -> None:
        run = make_run()
        assert not send(run, b"abc", size=6).is_complete
        assert not selectors.artifacts_of(run).exists()
        with pytest.raises(NotFound):
            selectors.artifact(run, "model.bin")
        assert send(run, b"def", offset=3, size=6).is_complete
        assert content(run) == b"abcdef"

    def test_a_part_may_be_repeated_and_overlap(self) -> None:
        run = make_run()
        send(run, b"abcd", size=6)
        assert send(run, b"abcd", size=6).received == 4
        assert send(run, b"cdef", offset=2, size=6).received == 6
        assert send(run, b"ab", size=6).received == 6
        assert content(run) == b"abcdef"

    def test_a_gap_says_where_to_go_on(self) -> None:
        run = make_run()
        send(run, b"ab", size=6)
        with pytest.raises(OffsetGap) as gap:
            send(run, b"ef", offset=4, size=6)
        assert gap.value.size == 2

    def test_bytes_that_arrived_before_a_crash_are_found_again(self) -> None:
        """The server died between writing the part and noting it."""
        run = make_run()
        send(run, b"abc", size=6)
        Artifact.objects.update(received=0)
        assert send(run, b"def", offset=3, size=6).is_complete
        assert Artifact.objects.get().is_complete

    def test_an_overtaken_request_takes_nothing_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first try of a part hangs, its repetition and the rest arrive, then the first one goes on."""
        run = make_run()
        honest = append_to

        def meanwhile(path: Path, *, offset: int, data: bytes) -> int:
            monkeypatch.setattr(artifacts, "append_to", honest)
            reached = honest(path, offset=offset, data=data)
            send(run, b"abc", size=6)
            send(run, b"def", offset=3, size=6)
            return reached

        monkeypatch.setattr(artifacts, "append_to", meanwhile)
        send(run, b"abc", size=6)
        assert Artifact.objects.get().is_complete
        assert content(run) == b"abcdef"

    def test_it_begins_anew_when_its_size_changed(self) -> None:
        run = make_run()
        send(run, b"abcdef", size=6)
        old = selectors.artifact(run, "model.bin").blob
        assert send(run, b"xy", size=4).received == 2
        assert not selectors.artifacts_of(run).exists()
        send(run, b"zw", offset=2, size=4)
        assert content(run) == b"xyzw"
        assert contents.size_of(old) is None

    def test_an_empty_one_is_one_request(self) -> None:
        run = make_run()
        assert send(run, b"", size=0).is_complete
        assert content(run) == b""

    @pytest.mark.parametrize(
        ("offset", "size", "data"), [(-1, 5, b"x"), (0, 1, b"xy"), (5, 5, b"x"), (9, 5, b"")]
    )
    def test_a_part_that_does_not_fit_is_refused(self, offset: int, size: int, data: bytes) -> None:
        with pytest.raises(Invalid):
            send(make_run(), data, offset=offset, size=size)
        assert not Artifact.objects.exists()

    def test_a_part_beyond_the_limit_is_refused(self) -> None:
        with pytest.raises(TooLarge):
            send(make_run(), b"x" * (BODY_LIMIT + 1), size=BODY_LIMIT + 1)

    def test_the_fence_holds_for_artifacts_too(self) -> None:
        with pytest.raises(LeaseLost):
            send(make_run(attempt=2), b"x", size=1)


HOSTILE = [
    "",
    "/",
    "/etc/passwd",
    "//x",
    "..",
    ".",
    "../x",
    "a/../x",
    "a/..",
    "./x",
    "a//b",
    "a/",
    "...",
    "a/ .. /b",
    ". .",
    " ",
    "..\\x",
    "a\\b",
    "C:\\x",
    "\\\\host\\share",
    "a\0b",
    "a\nb",
    "a\x7fb",
    "x" * 201,
    "/".join(["x"] * 17),
    "/".join(["x" * 150] * 4),
]
HARMLESS = [
    "model.bin",
    "a/b/c.txt",
    ".hidden",
    "a..b",
    "trailing.",
    "..x",
    "%2e%2e",
    "%2e%2e%2fx",
    "C:x",
    "ünïcode ∂.png",
    "\u2024\u2024",
    "-rf",
    "<script>.html",
    "x" * 200,
]


class TestNames:
    @pytest.mark.parametrize("path", HOSTILE)
    def test_one_that_could_mean_another_place_is_refused(self, path: str) -> None:
        with pytest.raises(Invalid):
            send(make_run(), b"x", size=1, path=path)
        assert not Artifact.objects.exists()

    @pytest.mark.parametrize("path", HARMLESS)
    def test_one_that_only_looks_odd_is_kept_as_it_is(self, path: str, data_dir: Path) -> None:
        run = make_run()
        send(run, b"x", size=1, path=path)
        assert content(run, path) == b"x"
        (stored,) = [each for each in (data_dir / "blobs").rglob("*") if each.is_file()]
        assert contents.is_digest(stored.name)

    @pytest.mark.parametrize("blob", ["../secret", "", "x" * 32, "a" * 33])
    def test_only_our_own_names_are_opened(self, blob: str) -> None:
        with pytest.raises(Invalid):
            parts.path_of(blob)


class TestOnASharedDisk:
    def folder(self, run: Run) -> Path:
        folder = storage.attempt_folder(run, 1) / "artifacts"
        folder.mkdir(parents=True)
        return folder

    def test_files_are_found_where_they_lie(self) -> None:
        run = make_run()
        folder = self.folder(run)
        (folder / "deep").mkdir()
        (folder / "deep" / "model.bin").write_bytes(b"abc")
        artifacts.collect_shared(run, 1)
        artifacts.collect_shared(run, 1)
        assert [each.path for each in selectors.artifacts_of(run)] == ["deep/model.bin"]
        assert content(run, "deep/model.bin") == b"abc"

    def test_what_was_sent_stays_as_it_came(self) -> None:
        """The first agent of a new folder sends files that the server sees itself."""
        run = make_run()
        (self.folder(run) / "model.bin").write_bytes(b"abc")
        artifacts.collect_shared(run, 1)
        sent = send(run, b"abc", size=3).blob
        artifacts.collect_shared(run, 1)
        assert Artifact.objects.get().blob == sent != ""

    def test_links_and_pipes_are_passed_over(self, tmp_path: Path) -> None:
        run = make_run()
        folder = self.folder(run)
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "secret").write_text("canary")
        (folder / "file").symlink_to(outside / "secret")
        (folder / "folder").symlink_to(outside)
        os.mkfifo(folder / "pipe")
        (folder / ".good.7.whirr-part").write_text("half")  # the library has not written it yet
        (folder / "good").write_text("x")
        artifacts.collect_shared(run, 1)
        assert [each.path for each in selectors.artifacts_of(run)] == ["good"]

    @pytest.mark.parametrize("trick", ["file", "parent", "root"])
    def test_one_that_became_a_link_later_is_not_opened(self, trick: str, tmp_path: Path) -> None:
        run = make_run()
        folder = self.folder(run)
        (folder / "deep").mkdir()
        (folder / "deep" / "model.bin").write_text("mine")
        artifacts.collect_shared(run, 1)
        outside = tmp_path / "outside"
        (outside / "deep").mkdir(parents=True)
        (outside / "deep" / "model.bin").write_text("canary")
        (outside / "model.bin").write_text("canary")
        place = {"file": folder / "deep" / "model.bin", "parent": folder / "deep", "root": folder}
        place[trick].rename(tmp_path / "away")
        target = {"file": outside / "model.bin", "parent": outside / "deep", "root": outside}
        place[trick].symlink_to(target[trick])
        with pytest.raises(Invalid, match="plain file"):
            content(run, "deep/model.bin")

    def test_one_that_is_gone_is_not_found(self) -> None:
        run = make_run()
        (self.folder(run) / "x").write_text("x")
        artifacts.collect_shared(run, 1)
        (storage.attempt_folder(run, 1) / "artifacts" / "x").unlink()
        with pytest.raises(NotFound):
            content(run, "x")

    def test_a_run_without_artifacts_has_none(self) -> None:
        artifacts.collect_shared(make_run(), 1)
        assert not Artifact.objects.exists()

    def test_a_name_that_is_not_utf_8_is_passed_over(self) -> None:
        run = make_run()
        folder = storage.attempt_folder(run, 1) / "artifacts"
        folder.mkdir(parents=True)
        (folder / "plain").write_bytes(b"x")
        (folder / os.fsdecode(b"caf\xe9")).write_bytes(b"x")
        artifacts.collect_shared(run, 1)
        assert [each.path for each in Artifact.objects.all()] == ["plain"]


class TestAnnounced:
    def test_one_that_was_written_anew_meanwhile_is_not_mixed_with_the_rest(self) -> None:
        """A checkpoint of the same size, whose first upload broke off."""
        run, old, new = make_run(), b"o" * 100, b"n" * 100

        def put(offset: int, data: bytes, whole: bytes) -> Artifact:
            digest = sha256(whole).hexdigest()
            return artifacts.receive(
                run, 1, "last.ckpt", offset=offset, size=100, data=data, now=NOON, sha256=digest
            )

        put(0, b"", old)
        assert put(0, old[:60], old).received == 60
        assert put(0, b"", old).received == 60
        assert put(0, b"", new).received == 0
        assert put(0, new, new).is_complete
        assert Artifact.objects.get().blob == sha256(new).hexdigest()

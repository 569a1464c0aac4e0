"""Folders of any depth: nobody who walks or removes them is stopped, and no link is followed."""

import os
from pathlib import Path

import pytest

from runs import artifacts, storage, ties, trash
from runs.models import Artifact
from tests.runs.factories import make_run
from tests.runs.test_purging import binned, filled, nothing_is_left, purge

pytestmark = pytest.mark.django_db

# Folders within folders: more than Python nests calls, and a path longer than Linux takes.
DEEP = 1100


def test_no_folder_is_too_deep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the end of its run, for the trash and for deletion. A file that is not too deep is an artifact still."""
    monkeypatch.setattr(ties, "_ties", [])  # these runs have no jobs
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("x")
    run, other = make_run(), filled()
    kept = storage.attempt_folder(run, 1) / "artifacts"
    kept.mkdir(parents=True)
    (kept / "a").write_text("abc")
    bottom = os.open(kept, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("deep", dir_fd=bottom)
        above, bottom = bottom, os.open("deep", os.O_RDONLY, dir_fd=bottom)
        os.close(above)
    os.symlink(outside, "link", dir_fd=bottom)
    os.close(bottom)
    artifacts.collect_shared(run, 1)
    assert Artifact.objects.get(run=run).path == "a"
    binned(run)
    assert trash.contents().room > 3
    assert sorted(purge().keys) == sorted([run.key, other.key])
    assert nothing_is_left(run)
    assert (outside / "precious").read_text() == "x"

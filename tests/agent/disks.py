"""A data folder on a small disk that fills up."""

from __future__ import annotations

from pathlib import Path

from worker_agent.board import Board
from worker_agent.log import Log
from worker_agent.shipping.room import Room

SIZE = 1_000_000  # bytes of the disk of these tests


class Disk:
    """A data folder on a small disk: what its files take is not free."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "runs").mkdir(parents=True)
        self.log = folder.parent / "worker.log"
        self.board = Board((), 1)
        self.changes = 0
        self.now = 0.0

    def room(self, keep: float | None = 300_000) -> Room:
        return Room(
            str(self.folder), keep, self.board, Log(path=str(self.log)),
            changed=self.changed, reading=lambda folder: (self.free, SIZE),
        )  # fmt: skip

    def changed(self) -> None:
        self.changes += 1

    @property
    def free(self) -> int:
        return SIZE - sum(path.stat().st_size for path in self.files())

    def files(self) -> list[Path]:
        return [path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink()]

    def attempt(self, job: int, number: int = 1, *, size: int = 200_000) -> Path:
        """As a job leaves it: a log, an artifact."""
        folder = self.folder / "runs" / f"job-{job}" / "attempts" / str(number)
        (folder / "artifacts").mkdir(parents=True)
        (folder / "output.log").write_bytes(b"x" * 1000)
        (folder / "artifacts" / "model").write_bytes(b"x" * (size - 1000))
        return folder

    def said(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

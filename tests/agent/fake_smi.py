"""An nvidia-smi that prints what it was told to: rows as drivers of several ages have printed them."""

from __future__ import annotations

import os
from pathlib import Path

SCRIPT = """#!/bin/sh
cd {folder}
echo "$$ $*" >> calls
[ ! -e hang ] || exec sleep {nap}
case "$*" in
*query-compute-apps*) name=apps ;;
*memory.total*) name=facts ;;
*) name=load ;;
esac
case "$*" in
*--id=*) only=${{2#--id=}}; [ ! -e "$name.$only" ] || name="$name.$only" ;;
esac
cat "$name"
exit "$(cat "$name.code" 2> /dev/null || echo 0)"
"""


class FakeSmi:
    """`count` GPUs with nothing on them; numbers 0, 1, … and UUIDs GPU-0, GPU-1, …"""

    def __init__(self, folder: Path, count: int, nap: str = "86400") -> None:
        self.folder = folder
        self.count = count
        folder.mkdir()
        program = folder / "nvidia-smi"
        program.write_text(SCRIPT.format(folder=folder, nap=nap))
        program.chmod(0o755)
        facts = [f"{at}, NVIDIA A100, GPU-{at}, 40960, 550.54.15" for at in range(count)]
        self.prints("facts", *facts)
        self.prints("apps")
        self.used()

    @property
    def path(self) -> str:
        return f"{self.folder}:/usr/bin:/bin"

    def row(self, at: int, *, memory: object = 4, health: str = "No, None") -> str:
        return f"{at}, GPU-{at}, 0, {memory}, 30, 60.5, {health}"

    def used(self, **memory: object) -> None:
        """Memory in use, by GPU: used(gpu1=30000)."""
        rows = [self.row(at, memory=memory.get(f"gpu{at}", 4)) for at in range(self.count)]
        self.prints("load", *rows)

    def computes(self, *apps: tuple[int, int]) -> None:
        """(GPU, process)"""
        lines = [f"GPU-{gpu}, {pid}, /usr/bin/python3, 20480" for gpu, pid in apps]
        self.prints("apps", *lines)

    def prints(self, what: str, *lines: str, code: int = 0) -> None:
        """In one step, so that nobody reads half of it."""
        for name, text in ((f"{what}.code", str(code)), (what, "".join(f"{x}\n" for x in lines))):
            draft = self.folder / "draft"
            draft.write_text(text)
            draft.replace(self.folder / name)

    def hangs(self) -> None:
        (self.folder / "hang").touch()

    def recovers(self) -> None:
        (self.folder / "hang").unlink()

    @property
    def calls(self) -> list[tuple[int, str]]:
        """(process, arguments) of each, the first one first."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(pid), rest) for pid, _, rest in (line.partition(" ") for line in lines)]


def still_runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

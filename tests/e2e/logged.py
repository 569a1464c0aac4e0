"""A training script that logs as its first argument says. Run by tests of the run page."""

import math
import os
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import whirr

RANKS = 4
STEPS = 30
ODD_ORDER = (5, 1, 9, 3)
NAN = (1.0, 2.0, math.nan, 4.0, math.inf, 6.0)
EVIL = "<img src=/evil-{n} onerror=fetch('/evil-{n}')><script>fetch('/evil-{n}')</script>\"'{{{{ 7 }}}}"


def png(side: int = 8) -> bytes:
    """A red square."""
    rows = (b"\0" + b"\xff\0\0" * side) * side
    parts = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def ddp() -> None:
    """As torchrun does: one process a rank."""
    ranks = []
    for rank in range(RANKS):
        env = os.environ | {"RANK": str(rank), "WORLD_SIZE": str(RANKS)}
        ranks.append(subprocess.Popen([sys.executable, __file__, "rank"], env=env))
    sys.exit(max(rank.wait() for rank in ranks))


def rank() -> None:
    number = int(os.environ["RANK"])
    with whirr.init() as run:
        for step in range(STEPS):
            run.log({"loss": number * 100 + step}, step=step)


def odd_order() -> None:
    with whirr.init() as run:
        for step in ODD_ORDER:
            run.log({"loss": step * 10}, step=step)


def nan() -> None:
    with whirr.init() as run:
        for step, value in enumerate(NAN):
            run.log({"loss": value, "gone": value if step < 2 else math.nan}, step=step)


def resumed() -> None:
    """The first half, killed; with an id, the second half."""
    told = Path(sys.argv[2])
    if told.exists():
        with whirr.init(resume=told.read_text(), system_metrics=False) as run:
            for step in range(5, 10):
                run.log({"loss": step}, step=step)
        return
    run = whirr.init(name="goes on", system_metrics=False)
    for step in range(5):
        run.log({"loss": step}, step=step)
    told.write_text(run.id)
    os.kill(os.getpid(), 9)


def twice() -> None:
    """The first attempt asks to be run again; what each logs is its own."""
    number = os.environ["WHIRR_ATTEMPT"]
    wait(Path(sys.argv[2]) / number)
    with whirr.init() as run:
        run.log_text("attempt", f"this is attempt {number}", step=0)
        run.alert(f"alert of attempt {number}")
    sys.exit(85 if number == "1" else 0)


def media() -> None:
    """Waits for a file, then logs one of each; ends when another one is there."""
    go, stop = Path(sys.argv[2]), Path(sys.argv[3])
    with whirr.init() as run:
        run.log({"loss": 1.0}, step=0)
        wait(go)
        for step in (1, 2):
            run.log_image("samples", png(), step=step, caption=f"epoch {step}")
            run.log_histogram("weights", [0.0, 1.0, 1.0, 2.0 * step], step=step)
        run.log_text("notes", "warm-up is over", step=1)
        run.log_table("errors", columns=["input", "p"], rows=[["a", 0.5], ["b", math.nan]], step=1)
        run.alert("loss is NaN", "since step 2", level="error")
        wait(stop)


def hostile() -> None:
    def evil(number: int) -> str:
        return EVIL.format(n=number)

    with whirr.init(name=evil(0), tags=[evil(1)]) as run:
        run.log({evil(2): 1.0})
        run.log_text(evil(3), evil(4))
        run.log_table(evil(5), columns=[evil(6)], rows=[[evil(7)]])
        run.log_image(evil(8), png(), caption=evil(9))
        run.log_histogram(evil(10), [1.0, 2.0])
        run.alert(evil(11), evil(12), level="error")
        svg = Path(run.dir) / "page.svg"
        svg.write_text(f"<svg xmlns='http://www.w3.org/2000/svg'>{evil(13)}</svg>")
        run.save_artifact(svg, evil(14).replace("/", "|"))


def wait(path: Path) -> None:
    until = time.monotonic() + 60
    while not path.exists():
        if time.monotonic() > until:
            sys.exit(f"{path} never came")
        time.sleep(0.05)


if __name__ == "__main__":
    known = (ddp, rank, odd_order, nan, resumed, twice, media, hostile)
    {each.__name__: each for each in known}[sys.argv[1]]()

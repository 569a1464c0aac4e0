"""A pretended training for end-to-end tests: a marker in its arguments, lines in its log, points in its metrics.

usage: trainer.py MARKER LINES [--child] [--until FILE] [--times FILE]

A line and a point every 20 ms; LINES=0 goes on for ever, or until the file of --until exists. --times has the time of
each step, by the clock of this machine.
"""

import subprocess
import sys
import time
from pathlib import Path

import whirr


def option(name: str) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""


def main() -> None:
    marker, lines = sys.argv[1], int(sys.argv[2])
    if "--child" in sys.argv:
        sleeper = f"import time; '{marker}-grandchild'; time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True)
    until, times = option("--until"), option("--times")
    run = whirr.init(name=marker, config={"lines": lines}, capture_git=False, capture_pip=False)
    done = 0
    while (lines == 0 or done < lines) and not (until and Path(until).exists()):
        print(f"line {done} of {marker}", flush=True)
        run.log({"loss": 1 / (done + 1), "twice": 2 * done}, step=done)
        done += 1
        if times:
            with Path(times).open("a") as file:
                file.write(f"{time.monotonic()}\n")
        time.sleep(0.02)
    run.summary({"lines": done})
    run.finish()


main()

"""A pretended training for end-to-end tests: a marker in its arguments, lines in its log, points in its metrics.

usage: trainer.py MARKER LINES [--child]      a line and a point every 20 ms; LINES=0 goes on for ever
"""

import subprocess
import sys
import time

import whirr


def main() -> None:
    marker, lines = sys.argv[1], int(sys.argv[2])
    if "--child" in sys.argv:
        sleeper = f"import time; '{marker}-grandchild'; time.sleep(600)"
        subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True)
    run = whirr.init(name=marker, config={"lines": lines}, capture_git=False, capture_pip=False)
    done = 0
    while lines == 0 or done < lines:
        print(f"line {done} of {marker}", flush=True)
        run.log({"loss": 1 / (done + 1), "twice": 2 * done}, step=done)
        done += 1
        time.sleep(0.02)
    run.summary({"lines": done})
    run.finish()


main()

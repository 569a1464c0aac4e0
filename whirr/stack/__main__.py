"""`python -m whirr.stack`: the stack without a terminal, as `whirr up --detach` starts it.

Its output goes to a log, so it never prints the secret link.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from whirr.stack import lock, ports, running
from whirr.stack.folder import Folder
from whirr.stack.roster import Shape


def say(line: str) -> None:
    """One line with the time, for the log."""
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}\n")
    sys.stderr.flush()


def main() -> int:
    """Run the stack that the arguments describe."""
    parser = argparse.ArgumentParser(prog="python -m whirr.stack")
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--mode", choices=("embedded", "server"), default="embedded")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--exact-port", action="store_true")
    parser.add_argument("--no-agent", action="store_true")
    parser.add_argument("--slots", type=int, default=1)
    given = parser.parse_args()
    shape = Shape(given.mode, given.host, given.port, not given.no_agent, given.slots)
    try:
        return running.run(
            Folder(given.data_dir.absolute()),
            running.Wish(shape, given.exact_port),
            say=say,
            on_ready=lambda server: say(f"ready at {server['url']}"),
        )
    except lock.Held as held:
        say(f"a stack already runs here (process {held.pid})")
    except ports.PortTaken as taken:
        say(str(taken))
    return 1


if __name__ == "__main__":
    sys.exit(main())

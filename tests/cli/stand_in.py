"""`whirr` and `python -m whirr.stack` with small children in place of Django and the agent.

    python stand_in.py cli up --port 9000      the command line
    python stand_in.py stack --data-dir D      the supervisor, as `up --detach` starts it

The children do what STAND_IN_<NAME> says: a shell command, run with PORT in its environment.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from whirr.stack import detached, roster, supervisor
from whirr.stack.child import Spec
from whirr.stack.folder import Folder
from whirr.stack.roster import Shape

HERE = str(Path(__file__).resolve())
WEB = f"exec {sys.executable} {Path(HERE).with_name('fake_web.py')}"
SLEEP = "exec sleep 1000"


def spec(name: str, shape: Shape, *, stops_first: bool = False) -> Spec:
    """A child that runs a shell command."""
    command = os.environ.get(f"STAND_IN_{name.upper()}") or (WEB if name == "web" else SLEEP)
    environment = roster.environment() | {"PORT": str(shape.port)}
    return Spec(name, ["sh", "-c", command], environment, stops_first=stops_first)


def web(folder: Folder, shape: Shape) -> Spec:
    return spec("web", shape)


def background(folder: Folder, shape: Shape) -> Spec:
    return spec("background", shape)


def agent(folder: Folder, shape: Shape) -> Spec:
    return spec("agent", shape, stops_first=True)


def python(module: str) -> list[str]:
    return [sys.executable, HERE, module.removeprefix("whirr.")]


def timing() -> supervisor.Timing:
    """Quick failures and a short stop: of STAND_IN_STOP seconds."""
    stop = float(os.environ.get("STAND_IN_STOP", "2"))
    return supervisor.Timing(
        health_every=0.02,
        first_backoff=0.05,
        longest_backoff=0.1,
        urgent_stop=stop / 2,
        whole_stop=stop,
    )


def main() -> None:
    """Put the stand-ins in place and run the real thing."""
    from whirr.stack import running

    roster.web, roster.background, roster.agent = web, background, agent
    vars(detached)["python"] = python
    vars(running)["Timing"] = timing
    part = sys.argv.pop(1)
    if part == "stack":
        from whirr.stack.__main__ import main as stack

        sys.exit(stack())
    from whirr.cli.main import main as cli

    cli()


if __name__ == "__main__":
    main()

"""The agent's command line and environment, checked before anything starts."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from whirr import __version__
from whirr.wire import parse_address
from worker_agent import tokens
from worker_agent.log import LEVELS
from worker_agent.settings import Settings

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")
_UNITS = {"K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_NUMBERS = re.compile(r"\d{1,3}(,\d{1,3})*\Z")

_DESCRIPTION = """\
Run jobs on this machine for a whirr server.

  whirr-worker -s http://gpu-head:8080 -d /data/whirr            one job at a time, GPUs as they are
  whirr-worker -s http://gpu-head:8080 -d /data/whirr -g all     every GPU of this machine
  whirr-worker -s http://gpu-head:8080 -d /data/whirr -g 0,1     these two

The agent asks for work and opens no port. While the server is away it goes on, and delivers later.
"""
_EPILOG = """\
stopping:
  the first Ctrl-C or SIGTERM stops taking jobs and lets those that run end (or hands them back,
  with --on-stop requeue); the second one ends them within five seconds, the third one at once, and
  the server queues them again. Closing the terminal counts as the first.

Give the token by WHIRR_TOKEN or --token-file: other users of this machine can read a command line.
Exit codes: 0 stopped, 1 refused by the server or taken by another agent, 2 wrong usage.
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """What is wrong, and no page of usage before it."""
        self.exit(2, f"whirr-worker: {message}\n  whirr-worker --help explains every option\n")


def read(argv: Sequence[str] | None = None, env: Mapping[str, str] | None = None) -> Settings:
    """Settings from the command line over the environment; exits with 2 where they make no sense."""
    environment = os.environ if env is None else env
    parser = _parser(environment)
    found = parser.parse_args(argv)
    try:
        settings = _checked(found, environment)
    except ValueError as error:
        parser.error(str(error))
    if found.token:
        sys.stderr.write(tokens.IN_THE_OPEN)
    return settings


def _parser(env: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="whirr-worker",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"whirr-worker {__version__}")
    _add_places(parser, env)
    _add_work(parser, env)
    _add_intervals(parser, env)
    return parser


def _add_places(parser: argparse.ArgumentParser, env: Mapping[str, str]) -> None:
    add = parser.add_argument_group("where").add_argument
    add(
        "-s",
        "--server",
        metavar="URL",
        default=env.get("WHIRR_SERVER_URL"),
        help="the server, http://HOST:PORT (or WHIRR_SERVER_URL)",
    )
    add(
        "-d",
        "--data-dir",
        metavar="DIR",
        default=env.get("WHIRR_DATA_DIR"),
        help="where runs are written; the server may see it, too (or WHIRR_DATA_DIR)",
    )
    add(
        "--keep-free",
        metavar="BYTES",
        help="room to leave on that disk, such as 10G (default: 2G or 5 %%, whichever is less)",
    )
    add(
        "--token",
        default=None,
        help="who we are, for the server (better: WHIRR_TOKEN, or --token-file)",
    )
    add("--token-file", metavar="FILE", help="a file that holds the token")
    add(
        "--name",
        default=env.get("WORKER_ID"),
        help="this agent's name, unique on the server (or WORKER_ID; default: host name and GPU)",
    )
    add(
        "--log-level",
        metavar="LEVEL",
        default=env.get("LOG_LEVEL") or "INFO",
        help="DEBUG, INFO, WARNING or ERROR (or LOG_LEVEL; default INFO)",
    )


def _add_work(parser: argparse.ArgumentParser, env: Mapping[str, str]) -> None:
    add = parser.add_argument_group("which work").add_argument
    add(
        "-g",
        "--gpu",
        metavar="N|0,1|all",
        help="GPUs to hand out to jobs (default: none, CUDA_VISIBLE_DEVICES stays untouched)",
    )
    add(
        "--gpu-ids",
        choices=("index", "uuid"),
        default="index",
        help="what CUDA_VISIBLE_DEVICES calls GPUs: their numbers (default), or their UUIDs",
    )
    add(
        "--slots",
        metavar="N",
        default="1",
        help="jobs at a time where no GPUs are handed out (default 1)",
    )
    add(
        "--tags",
        metavar="A,B",
        default=env.get("WORKER_TAGS") or "",
        help="what jobs may ask for with --require (or WORKER_TAGS)",
    )
    add("--once", action="store_true", help="take work once, and end when it is done")
    add(
        "--on-stop",
        choices=("finish", "requeue"),
        default="finish",
        help="on the first signal: let jobs end (default), or hand them back",
    )


def _add_intervals(parser: argparse.ArgumentParser, env: Mapping[str, str]) -> None:
    add = parser.add_argument_group("how often").add_argument
    add(
        "--poll-interval",
        metavar="S",
        default="5",
        help="longest wait after an error; work itself is pushed (default 5)",
    )
    add(
        "--heartbeat-interval",
        metavar="S",
        default=env.get("HEARTBEAT_INTERVAL_SEC") or "30",
        help="longest silence, at most a third of a lease (or HEARTBEAT_INTERVAL_SEC; default 30)",
    )
    add(
        "--lease-seconds",
        metavar="S",
        default="60",
        help="how long a job stays ours without news, 10 to 600 (default 60)",
    )
    add(
        "--bandwidth",
        metavar="BYTES",
        default=env.get("WORKER_NETWORK_BANDWIDTH_BYTES_PER_SEC") or None,
        help="send at most so many bytes a second (or WORKER_NETWORK_BANDWIDTH_BYTES_PER_SEC)",
    )


def _checked(found: argparse.Namespace, env: Mapping[str, str]) -> Settings:
    if not found.server:
        raise ValueError("which server? give --server http://HOST:PORT or set WHIRR_SERVER_URL")
    if not found.data_dir:
        raise ValueError("where to write runs? give --data-dir DIR or set WHIRR_DATA_DIR")
    parse_address(found.server)
    data_dir = Path(found.data_dir).expanduser().absolute()
    level = found.log_level.upper()
    if level not in LEVELS:
        raise ValueError(
            f"--log-level (or LOG_LEVEL) {found.log_level!r}: use one of {', '.join(LEVELS)}"
        )
    gpus = _gpus(found.gpu)
    return Settings(
        server=found.server.rstrip("/"),
        data_dir=str(data_dir),
        gpus=gpus,
        gpu_ids=found.gpu_ids,
        poll_interval=_number("--poll-interval", found.poll_interval, 0.1, 3600),
        heartbeat_interval=_number(
            "--heartbeat-interval (or HEARTBEAT_INTERVAL_SEC)", found.heartbeat_interval, 1, 3600
        ),
        lease_seconds=_number("--lease-seconds", found.lease_seconds, 10, 600),
        token=tokens.read(found, env, data_dir),
        name=_name(found.name, gpus),
        tags=[tag.strip() for tag in found.tags.split(",") if tag.strip()],
        log_level=level,
        bandwidth=None
        if found.bandwidth is None
        else _number(
            "--bandwidth (or WORKER_NETWORK_BANDWIDTH_BYTES_PER_SEC)", found.bandwidth, 1, 1e12
        ),
        slots=int(_number("--slots", found.slots, 1, 10_000)),
        once=found.once,
        on_stop=found.on_stop,
        keep_free=None if found.keep_free is None else _bytes("--keep-free", found.keep_free),
    )


def _gpus(text: str | None) -> list[int] | str | None:
    if text is None or text.strip().lower() in {"", "none"}:
        return None
    if text.strip().lower() == "all":
        return "all"
    plain = text.replace(" ", "")
    if not _NUMBERS.match(plain):
        raise ValueError(f"--gpu {text!r}: use a number, numbers with commas, or all")
    return sorted({int(part) for part in plain.split(",")})


def _number(option: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise ValueError(f"{option} {text!r}: use a number from {least:g} to {most:g}")
    return value


def _bytes(option: str, text: str) -> float:
    number, unit = text.strip(), 1
    if number[-1:].upper() in _UNITS:
        number, unit = number[:-1], _UNITS[number[-1].upper()]
    try:
        value = float(number) * unit
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1e18:
        raise ValueError(f"{option} {text!r}: use a number of bytes, or 500M, 10G, 1T")
    return value


def _name(text: str | None, gpus: list[int] | str | None) -> str:
    if not text:
        text = platform.node().partition(".")[0] or "worker"
        if isinstance(gpus, list):
            text += "-gpu" + "-".join(map(str, gpus))
    if not _NAME.match(text):
        raise ValueError(
            f"--name (or WORKER_ID) {text!r}: use letters, digits, dots, dashes and underscores"
        )
    return text

"""What is printed: tables for people, TSV for pipes, JSON for programs, chatter on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

STATE_STYLES = {
    "completed": "green",
    "succeeded": "green",
    "idle": "green",
    "running": "cyan",
    "busy": "cyan",
    "queued": "yellow",
    "waiting": "yellow",
    "draining": "yellow",
    "failed": "red",
    "lost": "red",
    "timed_out": "red",
    "cancelled": "magenta",
    "offline": "dim",
    "disabled": "dim",
}


def on_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout.isatty()


def chat(line: str) -> None:
    """A line for people, kept out of the data."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def data(line: str) -> None:
    """A line of the command's result."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def as_json(value: object) -> None:
    """The result for a program."""
    data(json.dumps(value, indent=2 if on_terminal() else None))


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """A drawn table on a terminal; otherwise tab-separated lines, the headings first."""
    texts = [[plain(cell) for cell in row] for row in rows]
    if on_terminal():
        _draw(headings, texts, title)
        return
    data("\t".join(heading.lower().replace(" ", "_") for heading in headings))
    for row in texts:
        data("\t".join(row))


def _draw(headings: Sequence[str], rows: Sequence[Sequence[str]], title: str) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(
        box=box.SIMPLE_HEAD,
        title=title or None,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
    )
    for place, heading in enumerate(headings):
        drawn.add_column(heading, no_wrap=place == 0, overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell, style=STATE_STYLES.get(cell, "")) for cell in row))
    Console(highlight=False).print(drawn)


def plain(value: object) -> str:
    """A cell: one line, without control characters that a name or a tag could smuggle in."""
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, (list, tuple)):
        return ",".join(plain(part) for part in value)
    if isinstance(value, dict):
        return " ".join(f"{key}={plain(part)}" for key, part in value.items())
    return "".join(letter if letter.isprintable() else " " for letter in str(value))


def ago(stamp: object, now: datetime | None = None) -> str:
    """An ISO time as `3m ago`; empty where there is none."""
    then = moment(stamp)
    if then is None:
        return ""
    return f"{span(((now or datetime.now(timezone.utc)) - then).total_seconds())} ago"


def span(seconds: object) -> str:
    """A number of seconds as `45s`, `3m12s`, `2h05m` or `3d04h`."""
    if not isinstance(seconds, (int, float)):
        return ""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}h"


def size(count: object) -> str:
    """A number of bytes as `1.2 GiB`."""
    if not isinstance(count, (int, float)):
        return ""
    left = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(left) < 1024:
            return f"{left:.0f} {unit}" if unit == "B" or left >= 100 else f"{left:.1f} {unit}"
        left /= 1024
    return f"{left:.1f} TiB"


def moment(stamp: object) -> datetime | None:
    """A time in an answer; None where it is absent or not one."""
    if not isinstance(stamp, str) or not stamp:
        return None
    try:
        found = datetime.fromisoformat(stamp.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def elapsed(item: dict[str, Any], now: datetime | None = None) -> str:
    """How long something ran, or has been running."""
    began = moment(item.get("started_at"))
    if began is None:
        return ""
    ended = moment(item.get("finished_at")) or now or datetime.now(timezone.utc)
    return span((ended - began).total_seconds())

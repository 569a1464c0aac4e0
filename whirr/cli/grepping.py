"""What of a log is wanted: its last lines, those since a moment, those with a hit."""

from __future__ import annotations

from dataclasses import dataclass

import click

from whirr.cli import failures, output, waiting
from whirr.wire import Client, NotFound

PATIENCE = 60.0  # seconds: the server searches for five, after those before it


@dataclass(frozen=True)
class Wanted:
    tail: int | None = None
    since: float | None = None
    grep: str | None = None
    ignore_case: bool = False

    def check(self, *, follow: bool) -> None:
        """Raises a usage error where the options cannot go together."""
        if self.grep is not None and follow:
            raise click.UsageError("--grep looks once: leave --follow out, or pipe it into grep")
        if self.grep == "":
            raise click.UsageError("--grep needs something to look for")
        if self.grep is None and self.ignore_case:
            raise click.UsageError("--ignore-case goes with --grep")


def offset_since(client: Client, run: str, attempt: int | None, since: float | None) -> int:
    """The byte from which on the log came since then; 0 where no time is given, or nothing was written."""
    if since is None:
        return 0
    query = {"attempt": attempt, "since": since, "limit": 1}
    try:
        answer = client.get(f"/api/v1/runs/{run}/log", query, timeout=30.0)
    except NotFound:
        return 0
    if answer.headers.get("x-whirr-since") != "1":
        raise failures.Failure("this server is older than --since", "leave it out")
    return int(answer.headers.get("x-whirr-offset") or 0)


def print_hits(client: Client, run: str, attempt: int | None, wanted: Wanted) -> None:
    """The lines with a hit; what was not looked through, or is left out, is said."""
    if wanted.tail == 0:
        return
    query = {
        "q": wanted.grep,
        "kind": "regex",
        "case": int(not wanted.ignore_case),
        "attempt": attempt,
        "since": wanted.since,
        "tail": wanted.tail,
    }
    with client.stream(f"/api/v1/runs/{run}/log/search", query, PATIENCE) as answer:
        for piece in answer:
            waiting.write(piece)
        told = {
            name: int(answer.headers.get(f"x-whirr-{name}") or 0)
            for name in ("shown", "total", "complete", "searched")
        }
    _say(told, last=wanted.tail is not None)


def _say(told: dict[str, int], *, last: bool) -> None:
    shown, total = told["shown"], told["total"]
    if not told["complete"] and last:
        output.chat(
            f"whirr: the search took too long; from the end it came back to line {told['searched']:,}, "
            f"and {total:,} lines from there on have it, the last {shown:,} are shown"
        )
        return
    if not told["complete"]:
        output.chat(
            f"whirr: the search took too long and ended at line {told['searched']:,}; "
            "a simpler pattern gets further"
        )
    elif not total:
        output.chat("whirr: no line has it")
    if shown < total and last:
        output.chat(f"whirr: {total:,} lines have it, the last {shown:,} are shown")
    elif shown < total:
        output.chat(
            f"whirr: {total:,} lines have it, the first {shown:,} are shown; --tail N: the last"
        )

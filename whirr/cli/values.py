"""Option values as people type them: durations, sizes, lists, and settings for the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    Whole = click.ParamType[int]
    Moment = click.ParamType[float]
    Pair = click.ParamType[tuple[str, str]]
    Word = click.ParamType[str]
else:  # older versions of click have no parameter here
    Whole = Moment = Pair = Word = click.ParamType

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_MEGABYTES = {"": 1024, "k": 1 / 1024, "m": 1, "g": 1024, "t": 1024 * 1024}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[smhd]?)+", re.IGNORECASE | re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(?:i?b)?", re.IGNORECASE | re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
STOP_SIGNALS = ("TERM", "INT", "USR1", "USR2", "HUP")
LONGEST = 10 * 365 * 86400


class Duration(Whole):
    """`90`, `90s`, `15m`, `2h`, `1h30m`: a number of seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Whole seconds."""
        text = str(value).strip()
        if not _DURATION.fullmatch(text):
            self.fail(f"{value!r} is no duration; write 90s, 15m, 2h or 1h30m", param, ctx)
        parts = re.findall(r"(\d+(?:\.\d+)?)([smhd]?)", text.lower())
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
        if not 1 <= seconds <= LONGEST:
            self.fail(f"{value!r} is not between one second and ten years", param, ctx)
        return int(seconds)


class Since(Moment):
    """`10m` (ago), or a time like 2026-11-22T10:00Z; without a zone it is the time here."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds since 1970, or a negative number of seconds ago: the server's clock counts then."""
        text = str(value).strip()
        if _DURATION.fullmatch(text):
            return -float(Duration().convert(text, param, ctx))
        try:
            return datetime.fromisoformat(re.sub("[Zz]$", "+00:00", text)).timestamp()
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value!r} is no time; write 10m, 2h or 2026-11-22T10:00Z", param, ctx)


class Memory(Whole):
    """`24G`, `24GiB`, `512M`; a bare number means GiB. A number of MiB."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Whole MiB."""
        found = _SIZE.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no size; write 24G or 512M", param, ctx)
        megabytes = float(found[1]) * _MEGABYTES[found[2].lower()]
        if not 1 <= megabytes < 2**31:
            self.fail(f"{value!r} is not a sensible amount of GPU memory", param, ctx)
        return int(megabytes)


class StopSignal(Word):
    """`USR1`, `SIGUSR1`, `usr1`: a signal that a program can answer by saving its work."""

    name = "signal"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """As the server calls it: SIGUSR1."""
        name = str(value).strip().upper().removeprefix("SIG")
        if name not in STOP_SIGNALS:
            self.fail(f"{value!r} is none of {', '.join(STOP_SIGNALS)}", param, ctx)
        return f"SIG{name}"


class Setting(Pair):
    """`KEY=VALUE` for an environment; a value may be empty and may hold more `=`."""

    name = "K=V"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """The pair."""
        if isinstance(value, tuple):
            return value[0], value[1]
        key, equals, rest = str(value).partition("=")
        if not equals or not _NAME.fullmatch(key):
            self.fail(f"{value!r} is not of the form NAME=VALUE", param, ctx)
        if "\0" in rest:
            self.fail(f"the value of {key} holds a NUL character", param, ctx)
        return key, rest


def listed(given: Iterable[str]) -> list[str]:
    """Words from options that may be repeated and may hold commas; each once, in order."""
    words = (word.strip() for text in given for word in text.split(","))
    return list(dict.fromkeys(word for word in words if word))


def job_id(text: str) -> int:
    """A job's number as people write it: `7`, `#7` or `job-7`. Raises a usage error."""
    found = re.fullmatch(r"(?:job-|#)?(\d{1,18})", text.strip(), re.ASCII)
    if found is None:
        raise click.UsageError(f"{text!r} is no job; a job is named by its number, like 7 or job-7")
    return int(found[1])


def array_id(text: str) -> str | None:
    """`A3` for what names an array; None for anything else."""
    found = re.fullmatch(r"[Aa](\d{1,18})", text.strip(), re.ASCII)
    return f"A{int(found[1])}" if found else None


def target(text: str) -> int | str:
    """A job's number, or `A3` for an array. Raises a usage error."""
    return array_id(text) or job_id(text)


def parents(given: Iterable[str]) -> list[str]:
    """What a new job waits for: `7`, `A3`, each perhaps with `any:` or `notok:` before it. Raises a usage error."""
    found = []
    for word in listed(given):
        kind, colon, name = word.rpartition(":")
        if kind not in ("", "ok", "any", "notok") or (colon and not kind):
            raise click.UsageError(
                f"{word!r} names nothing to wait for; write 7, any:7, notok:7 or A3"
            )
        found.append(f"{kind}{colon}{target(name)}")
    return found


def exit_codes(given: Iterable[str]) -> list[int]:
    """Exit codes between commas. Raises a usage error."""
    words = listed(given)
    for word in words:
        if not re.fullmatch(r"-?\d{1,5}", word, re.ASCII):
            raise click.UsageError(f"{word!r} is no exit code; write --retry-on 1,75")
    return [int(word) for word in words]


def run_id(text: str) -> str:
    """A run's id: as it stands, or a job's number for its run. Raises a usage error."""
    text = text.strip()
    if re.fullmatch(r"#?\d{1,18}", text, re.ASCII):
        return f"job-{int(text.lstrip('#'))}"
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", text):
        raise click.UsageError(
            f"{text!r} is no run; a run is named like job-7 or local-20260115-103000-a1b2c3"
        )
    return text

"""What can be told to be wrong about a submission before anything is written."""

import re
from typing import TYPE_CHECKING

from jobs.errors import Invalid
from jobs.states import StopSignal
from runs import storable

if TYPE_CHECKING:
    from jobs.submitting import Submission

KIND = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}\Z")
MOST_PARENTS = 10_000


def check(wish: "Submission") -> None:
    """Raises Invalid, with the field, for the first thing that cannot be meant."""
    if not wish.command_argv or not wish.command_argv[0]:
        raise Invalid(
            "command_argv is empty: give the command and its arguments",
            fields={"command_argv": ["must not be empty"]},
        )
    if any("\0" in part for part in (*wish.command_argv, wish.workdir)):
        raise Invalid("a command and its folder cannot hold NUL characters")
    if not wish.workdir.startswith("/"):
        raise Invalid(
            f"workdir {wish.workdir!r} is not an absolute path",
            fields={"workdir": ["must be an absolute path on the worker"]},
        )
    if any("=" in name or not name for name in wish.env):
        raise _refusal("env", "may not have names that are empty or hold '='")
    for field_name in ("env", "config"):
        told = getattr(wish, field_name)
        if told != storable.json(told):
            raise _refusal(
                field_name,
                "may not hold NUL, half a surrogate pair, NaN, infinity or a hundred levels",
            )
    if wish.stop_signal not in StopSignal.values:
        raise _refusal("stop_signal", f"is one of {', '.join(StopSignal.values)}")
    _check_needs(wish)


def _check_needs(wish: "Submission") -> None:
    for name in ("min_memory_mb", "gpu_model"):
        if getattr(wish, name) and wish.gpus == 0:
            raise _refusal(name, "asks for a GPU, but gpus is 0")
    if not KIND.match(wish.kind):
        raise _refusal("kind", "is a word of lower-case letters, digits, dots, dashes")
    if len(wish.after) > MOST_PARENTS:
        raise _refusal("after", f"may name at most {MOST_PARENTS} jobs")
    if len({on for on, _ in wish.after}) < len(wish.after):
        raise _refusal("after", "may name a job only once")


def _refusal(name: str, problem: str) -> Invalid:
    return Invalid(f"{name} {problem}", fields={name: [problem]})

"""Options that choose jobs: by project, tag, user, name, array."""

from __future__ import annotations

from typing import Any, Callable, TypeVar

import click

from whirr.cli import values

Command = TypeVar("Command", bound=Callable[..., Any])

NAMES = ("project", "tag", "user", "name")


def options(command: Command) -> Command:
    """--project, --tag, --user, --name."""
    for name, told in (
        ("name", "Jobs of this very name."),
        ("user", "Jobs of this user."),
        ("tag", "Jobs with this tag."),
        ("project", "Jobs of this project."),
    ):
        command = click.option(f"--{name}", help=told)(command)
    return command


def chosen(given: dict[str, Any], array: str | None = None) -> dict[str, str]:
    """The filter that the options amount to; empty without any. Raises a usage error."""
    found = {name: str(given[name]) for name in (*NAMES, "status") if given.get(name)}
    if array:
        name = values.array_id(array)
        if name is None:
            raise click.UsageError(f"{array!r} is no array; an array is named like A3")
        found["array"] = name
    return found


def in_words(chosen: dict[str, str]) -> str:
    """`project vision, tag base`."""
    return ", ".join(f"{name} {value}" for name, value in chosen.items())

"""The project's `config.yaml`: read strictly, so that a typing error is told and not obeyed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

KEYS = ("project", "port")


class BadConfig(Exception):
    """config.yaml cannot be used; the text says why."""


@dataclass(frozen=True)
class Project:
    """The defaults that a project gives to the commands run in it."""

    project: str = ""
    port: int = 8080


def read(path: Path) -> Project:
    """The settings in the file; the defaults where there is none. Raises BadConfig."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Project()
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"{path} cannot be read: {error}") from error
    return _understood(path, _parsed(path, text))


def _parsed(path: Path, text: str) -> dict[object, object]:
    import yaml  # noqa: PLC0415 - start-up time: most commands never read it

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise BadConfig(
            f"{path}{where}: {getattr(error, 'problem', None) or 'not YAML'}"
        ) from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadConfig(f"{path}: expected `key: value` lines")
    return found


def _understood(path: Path, found: dict[object, object]) -> Project:
    unknown = [str(key) for key in found if key not in KEYS]
    if unknown:
        raise BadConfig(f"{path}: unknown setting {unknown[0]!r} (known: {', '.join(KEYS)})")
    project, port = found.get("project"), found.get("port", Project.port)
    if isinstance(project, bool) or not isinstance(project, (str, int, float, type(None))):
        raise BadConfig(f"{path}: project must be a text")
    if isinstance(port, bool) or not isinstance(port, int) or not 1 <= port <= 65535:
        raise BadConfig(f"{path}: port must be a number from 1 to 65535, not {port!r}")
    return Project(project="" if project is None else str(project), port=port)

"""Labels: tags that an administrator gives to a worker, written as an agent's `--tags` are."""

from collections.abc import Collection, Iterable

from jobs.errors import Invalid

LONGEST = 100  # characters, as of an agent's tags
MOST = 100  # of one worker


def checked(names: Iterable[str]) -> list[str]:
    """Without spaces around them, each once. Raises Invalid."""
    told = list(dict.fromkeys(name.strip() for name in names))
    for name in told:
        if problem := _problem(name):
            raise Invalid(problem, fields={"add": [problem]})
    return told


def counted(names: Collection[str]) -> None:
    """Raises Invalid where these are too many for one worker."""
    if len(names) > MOST:
        problem = f"a worker has at most {MOST} labels, not {len(names)}"
        raise Invalid(problem, fields={"add": [problem]})


def words(before: Collection[str], after: Collection[str]) -> str:
    """`+fast, -old`; nothing where nothing changed."""
    more = [f"+{name}" for name in after if name not in before]
    return ", ".join([*more, *(f"-{name}" for name in before if name not in after)])


def _problem(name: str) -> str:
    """Why `--tags` and `--require` could not name it: both are lists between commas, on one line."""
    if not name:
        return "a label must not be empty"
    if len(name) > LONGEST:
        return f"a label has at most {LONGEST} characters, not {len(name)}"
    if "," in name:
        return f"a label must not hold a comma: {name!r}"
    if not name.isprintable():
        return f"a label must not hold line breaks or other control characters: {name!r}"
    return ""

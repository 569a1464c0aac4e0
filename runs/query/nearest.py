"""What somebody may have meant."""

import difflib
from collections.abc import Iterable


def nearest(text: str, known: Iterable[str]) -> str:
    """The known word that is most like this one; "" where none is like it."""
    by_lower: dict[str, str] = {}
    for each in known:
        by_lower.setdefault(each.lower(), each)
    found = difflib.get_close_matches(text.lower()[:100], by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else ""


def did_you_mean(text: str, known: Iterable[str]) -> str:
    """The end of a message: "did you mean `state`?"."""
    found = nearest(text, known)
    return f"did you mean `{found}`?" if found else ""

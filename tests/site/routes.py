"""Every address of the live URLconf, with something plausible in the place of each parameter."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
EXAMPLES = {
    "int": "1",
    "str": "job-1",
    "path": "a/b",
    "slug": "a",
    "pk": "1",
    "number": "1",
    "worker_id": "node1",
    "app_label": "jobs",
    "content_type_id": "1",
    "object_id": "1",
    "url": "x",
}
CONVERTER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
GROUP = re.compile(r"\(\?P<(?P<name>\w+)>(?:[^()]|\([^()]*\))*\)")


def addresses() -> list[str]:
    """All of them, without repetition."""
    return sorted(set(_below(get_resolver(), "/")))


def _below(resolver: Any, prefix: str) -> Iterator[str]:
    for entry in resolver.url_patterns:
        path = prefix + _filled(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from _below(entry, path)
        elif isinstance(entry, URLPattern):
            yield path


def _example(group: re.Match[str]) -> str:
    """The first of several words, as in (?P<verb>retry|cancel); otherwise what stands for that name."""
    words = group[0].removesuffix(")").partition(">")[2].split("|")
    return words[0] if len(words) > 1 else EXAMPLES[group["name"]]


def _filled(pattern: str) -> str:
    if pattern.startswith("^") or pattern.endswith("$"):
        named = GROUP.sub(_example, pattern)
        return named.strip("^$?").replace("\\", "")
    return CONVERTER.sub(
        lambda found: EXAMPLES.get(found["name"]) or EXAMPLES[found["kind"] or "str"], pattern
    )

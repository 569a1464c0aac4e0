"""docs/errors.md names every code that the API answers with, and no other."""

import re
from pathlib import Path

from rest_framework import exceptions

from runs.errors import DomainError
from whirr_site.errors import STATUS

ROOT = Path(__file__).resolve().parent.parent.parent
ROW = re.compile(r"^\| `(\w+)` \| (\d+) \|", re.MULTILINE)
WRITTEN = re.compile(r"_error\(\s*(\d+),\s*\"(\w+)\"")
# Of DRF's own: we throttle nobody, and a token that is wrong is simply nobody's.
NEVER = {"throttled", "authentication_failed"}


def described() -> dict[str, int]:
    found = ROW.findall((ROOT / "docs" / "errors.md").read_text())
    assert len(dict(found)) == len(found)
    return {code: int(status) for code, status in found}


def of_drf() -> dict[str, int]:
    kinds = [kind for kind in vars(exceptions).values() if isinstance(kind, type)]
    raised = [kind for kind in kinds if issubclass(kind, exceptions.APIException)]
    return {
        kind.default_code: kind.status_code for kind in raised if kind.default_code not in NEVER
    }


def written_out() -> dict[str, int]:
    """Codes that the site answers with before any view, or in place of one."""
    files = (ROOT / "whirr_site").rglob("*.py")
    found = {
        code: int(status) for path in files for status, code in WRITTEN.findall(path.read_text())
    }
    assert {"unavailable", "not_authenticated"} <= set(found)
    return found


def domain_codes() -> set[str]:
    waiting, found = [DomainError], set()
    while waiting:
        kind = waiting.pop()
        found.add(kind.code)
        waiting += kind.__subclasses__()
    return found


def test_the_page_lists_every_code_with_its_status() -> None:
    assert described() == of_drf() | written_out() | STATUS


def test_every_refusal_of_the_domain_has_a_status() -> None:
    assert domain_codes() <= set(STATUS)

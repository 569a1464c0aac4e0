"""Tables with a row for each key and a column for each run; only what differs is worth a look."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One key, and what each run says to it; None where a run says nothing."""

    key: str
    cells: Sequence[str | None]

    @property
    def differs(self) -> bool:
        """Among several runs; what a single one says differs from nothing."""
        return any(cell != self.cells[0] for cell in self.cells[1:])


def text_of(value: Any) -> str:
    """A JSON value in one line that no other value has: the text "1" is quoted, the number 1.0 is 1."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if _misleads(value) else value
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _misleads(text: str) -> bool:
    """Whether a text would be taken for another value, or for nothing."""
    if not text or text != text.strip():
        return True
    if text[0] not in '"[{-0123456789tfnNI':
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def rows(documents: Sequence[Texts]) -> list[Row]:
    """A row for each key that any run has, in the order of their first appearance; one document a run."""
    keys = dict.fromkeys(key for document in documents for key in document)
    return [Row(key, [document.get(key) for document in documents]) for key in keys]


def texts(document: Mapping[str, Any]) -> dict[str, str]:
    """A flat document with texts for values."""
    return {key: text_of(value) for key, value in document.items()}


def as_json(found: Iterable[Row]) -> list[dict[str, Any]]:
    """For the browser: the different texts of a row once, and for each run the place of its text, or -1."""
    told = []
    for row in found:
        places: dict[str, int] = {}
        cells = [-1 if cell is None else places.setdefault(cell, len(places)) for cell in row.cells]
        told.append({"key": row.key, "differs": row.differs, "texts": list(places), "cells": cells})
    return told

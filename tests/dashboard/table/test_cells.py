"""Cells of the table as HTML: nothing from outside is markup, and a page's cost does not grow by templates."""

import pytest
from django.test import Client

from dashboard.rendering import cells
from dashboard.table.shown import Cell, Column
from runs.models import Run

EVIL = "<b>&\"'"
SAFE = "&lt;b&gt;&amp;&quot;&#x27;"


@pytest.mark.parametrize(("kind", "value"), [("text", EVIL), ("json", EVIL), ("tags", [EVIL])])
def test_what_came_from_outside_is_text(kind: str, value: object) -> None:
    told = cells.cell(Cell(Column("config.x", EVIL, "config"), kind, value), None, "")
    assert EVIL not in told
    assert told.count(SAFE) >= 2


@pytest.mark.django_db
def test_no_template_is_rendered_for_a_row_or_a_cell(browser: Client, six: list[Run]) -> None:
    few = browser.get("/runs/", {"q": f"id = {six[0].key}", "cols": "name,state"})
    many = browser.get("/runs/", {"cols": "name,state"})
    assert many.content.count(b"data-row ") == 6
    assert len(many.templates) <= len(few.templates)

"""Tags for the table of runs: all cells of a row at once, and the value of one."""

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from dashboard.rendering import cells
from dashboard.table.shown import Cell, Row

register = template.Library()


@register.simple_tag
def row_cells(row: Row, query: str) -> SafeString:
    """The cells of a run."""
    return format_html_join("", "{}", ((cells.cell(each, row, query),) for each in row.cells))


@register.simple_tag
def group_cell(cell: Cell) -> SafeString:
    return cells.cell(cell, None, "")


@register.simple_tag
def cell_value(cell: Cell) -> SafeString:
    return cells.value(cell)

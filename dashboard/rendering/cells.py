"""Cells of the table of runs as HTML. In Python: a page has ten thousand, and a template's tags for each take seconds.

Everything that came from outside is escaped by `format_html`.
"""

from collections.abc import Callable
from urllib.parse import quote

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard import words
from dashboard.table.deltas import Delta
from dashboard.table.shown import Cell, Row
from dashboard.templatetags.show import alert_mark, badge, elapsed, icon, moment

PIN, FLAG = icon("pin"), icon("flag")
BLANK = format_html('<span class="soft">{}</span>', words.NOTHING)
NOTHING = SafeString("")
ARCHIVED = SafeString('<span class="soft">archived</span>')


def cell(told: Cell, row: Row | None, query: str) -> SafeString:
    """A cell of a run, or with no `row` of a group. `query`: the page's own address, for links that narrow it."""
    style = "right num" if told.column.numeric else "short"
    if told.kind == "name":
        style = "name"
    elif told.is_blank:
        style += " blank"
    inside = _name(told, row, query) if told.kind == "name" and row else value(told, row)
    name = told.column.name
    more = format_html(' data-tip="{}"', told.column.key) if _has_more(told, row) else NOTHING
    return format_html('<td class="{}" data-label="{}"{}>{}</td>', style, name, more, inside)


def _has_more(told: Cell, row: Row | None) -> bool:
    """Whether the server knows more for the tooltip: why a job waits, and at which step a metric was at its best."""
    if row is None:
        return False
    if told.kind == "state":
        return row.job is not None and row.run.status == "pending"
    return told.kind == "number" and told.column.which in ("min", "max", "best")


def value(told: Cell, row: Row | None = None) -> SafeString:
    """What stands in a cell."""
    if told.kind == "state":
        return badge(told.value, row.reason if row else told.title)
    if told.kind == "alerts":
        return SafeString(alert_mark(told.value, row.run.key)) if row else NOTHING
    return VALUES.get(told.kind, _text)(told)


def _name(told: Cell, row: Row, query: str) -> SafeString:
    key = row.run.key
    tags = format_html_join(
        "",
        '<a class="tag" href="?{}&amp;tag={}" data-field="tag" data-value="{}">{}</a>',
        ((query, quote(str(tag), safe=""), tag, tag) for tag in row.run.tags),
    )
    return format_html(
        '<a href="/runs/{0}/">{1}</a><span class="below"><span class="soft">{0}</span>{2}{6}{3}</span>'
        '<span class="verbs"><button type="button" data-pin aria-pressed="false" tabindex="-1" aria-label="Pin {0}" '
        'title="Pin: always drawn (p)">{4}</button><button type="button" data-baseline aria-pressed="false" '
        'tabindex="-1" aria-label="Make {0} the baseline" title="Baseline (b)">{5}</button></span>',
        key,
        told.value,
        alert_mark(row.alerts, key),
        tags,
        PIN,
        FLAG,
        ARCHIVED if row.run.archived_at else NOTHING,
    )


def _titled(title: str) -> SafeString:
    return format_html(' title="{}"', title) if title else NOTHING


def _number(told: Cell) -> SafeString:
    odd = f"{told.nans} NaN, the first at step {told.first_nan}" if told.nans else ""
    title = _titled(" ".join(filter(None, (told.title, odd))))
    said = format_html("<span{}>{}</span>{}", title, words.number(told.value), _delta(told.delta))
    if not odd or told.column.which != "last":
        return said
    return format_html('{} <span class="nan" title="{}">{} NaN</span>', said, odd, told.nans)


def _delta(found: Delta | None) -> SafeString:
    """`↑ worse +0.012 (+3.1 %)`: arrow, word and sign say it to those who see no colours."""
    if found is None:
        return NOTHING
    arrow = "=" if found.by == 0 else "↑" if found.by > 0 else "↓"
    percent = "" if found.percent is None else f"({_signed(found.percent)} %)"
    said = " ".join(filter(None, (arrow, found.verdict, _signed(found.by), percent)))
    return format_html('<span class="delta is-{}">{}</span>', found.verdict or "plain", said)


def _signed(value: float) -> str:
    said = words.number(float(f"{value:.3g}"))
    return f"+{said}" if value > 0 else said


def _mean(told: Cell) -> SafeString:
    spread = NOTHING
    if told.spread is not None:
        spread = format_html(' <span class="soft">± {}</span>', words.number(told.spread))
    mean = words.number(told.value)
    return format_html("<span{}>{}{}</span>", _titled(told.title), mean, spread)


def _several(told: Cell) -> SafeString:
    said = words.plural(told.value, "value")
    return format_html('<span class="soft"{}>{}</span>', _titled(told.title), said)


def _nan(told: Cell) -> SafeString:
    if told.step is None:
        return format_html('<span class="nan" title="{}">NaN</span>', told.title)
    return format_html(
        '<span class="nan" title="first NaN at step {0}">NaN <small>@{0}</small></span>', told.step
    )


def _json(told: Cell) -> SafeString:
    said = words.value(told.value)
    return format_html('<span class="code" title="{}">{}</span>', told.title or said, said)


def _tags(told: Cell) -> SafeString:
    return format_html_join("", '<span class="tag">{}</span> ', ((tag,) for tag in told.value))


def _commit(told: Cell) -> SafeString:
    short = words.commit(told.value)
    return format_html('<span class="code" title="{}">{}</span>', told.value, short)


def _text(told: Cell) -> SafeString:
    return format_html('<span title="{}">{}</span>', told.title or told.value, told.value)


VALUES: dict[str, Callable[[Cell], SafeString]] = {
    "blank": lambda _: BLANK,
    "number": _number,
    "mean": _mean,
    "several": _several,
    "nan": _nan,
    "moment": lambda told: format_html("{}", moment(told.value)),
    "elapsed": lambda told: format_html("{}", elapsed(*told.value)),
    "tags": _tags,
    "json": _json,
    "flag": _json,
    "commit": _commit,
}

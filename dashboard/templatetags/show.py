"""The dashboard's words and marks for templates. Everything that came from outside leaves here escaped."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboard import alerts, badges, palette, words, writers
from dashboard.table import projects
from jobs.phrases import span
from runs.models import RunStatus, Series
from runs.query.syntax import quoted, to_text

register = template.Library()
register.filter("duration", words.duration)
register.filter("number", words.number)
register.filter("bytes", words.size)
register.filter("memory", words.memory)
register.filter("value", words.value)
register.filter("plural", words.plural)
register.filter("writer", writers.label)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A symbol of the sprite; silent for screen readers unless it has a label."""
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="#i-{}"/></svg>', label, name
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def badge(state: str, title: str = "") -> SafeString:
    """A state as icon and word."""
    mark = badges.badge(state)
    return format_html(
        '<span class="badge {}" data-state="{}" title="{}">{}<span>{}</span></span>',
        f"is-{mark.tone}",
        state,
        title or mark.word,
        icon(mark.icon),
        mark.word,
    )


@register.simple_tag
def tally(state: str, count: int) -> SafeString:
    """How many of a group are in a state: the icon and the number, the word in the tooltip."""
    mark = badges.badge(state)
    return format_html(
        '<span class="badge tally is-{}" title="{} {}">{}{}</span>',
        mark.tone,
        count,
        mark.word,
        icon(mark.icon, mark.word),
        count,
    )


@register.simple_tag
def run_states() -> list[str]:
    """Every state that a run can be in."""
    return list(RunStatus.values)


@register.simple_tag
def swatch(key: str) -> SafeString:
    """The colour of a run, as the line that stands for it in charts."""
    return format_html(
        '<svg class="swatch c{} d0" viewBox="0 0 18 10" aria-hidden="true">'
        '<line x1="0" y1="5" x2="18" y2="5"/></svg>',
        palette.own(key),
    )


@register.simple_tag
def moment(when: datetime | None) -> SafeString | str:
    """A time as "5 min ago", exact in the tooltip; the page's script keeps it true."""
    if when is None:
        return words.NOTHING
    past = words.ago((timezone.now() - when).total_seconds())
    return format_html(
        '<time datetime="{}" title="{}" data-ago>{}</time>',
        when.isoformat(),
        words.utc(when),
        past,
    )


@register.simple_tag
def at(when: datetime | None) -> SafeString | str:
    """A time by the clock; the page's script writes it in the zone that its reader chose."""
    if when is None:
        return words.NOTHING
    return format_html(
        '<time class="num" datetime="{}" title="{}" data-at>{}</time>',
        when.isoformat(),
        words.utc(when),
        words.utc(when),
    )


@register.simple_tag
def until(when: datetime) -> SafeString | str:
    """A time to come as "in about 5 min", exact in the tooltip."""
    left = (when - timezone.now()).total_seconds()
    said = f"in about {span(left)}" if left >= 1 else "now"
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', when.isoformat(), words.utc(when), said
    )


@register.simple_tag
def elapsed(start: datetime | None, end: datetime | None = None) -> SafeString | str:
    """How long something took; ticks in the browser while it has no end."""
    if start is None:
        return words.NOTHING
    seconds = ((end or timezone.now()) - start).total_seconds()
    if end is not None:
        return format_html('<span class="num">{}</span>', words.duration(seconds))
    return format_html(
        '<time class="num" datetime="{}" title="{}" data-elapsed>{}</time>',
        start.isoformat(),
        f"since {words.utc(start)}",
        words.duration(seconds),
    )


@register.simple_tag
def alert_mark(counts: Mapping[str, int] | None, run_key: str) -> SafeString | str:
    """How many alerts a run has, coloured like the worst; nothing where it has none."""
    mark = alerts.mark(counts)
    if mark is None:
        return ""
    return format_html(
        '<a class="badge alert-mark is-{}" href="/runs/{}/#alerts" title="{}">{}<span>{}</span></a>',
        mark.tone,
        run_key,
        mark.words,
        icon("bell"),
        words.plural(mark.count, "alert"),
    )


@register.simple_tag
def last_of(series: Series) -> SafeString | str:
    """The last value of a series, and where it ceased to be a number if it ever did."""
    said = words.number(series.last)
    if not series.nan_count:
        return format_html('<span class="num">{}</span>', said)
    where = f"first at step {series.first_nan_step}"
    if series.last is None:
        return format_html('<span class="nan">{}</span> <span class="soft">{}</span>', said, where)
    return format_html(
        '<span class="num">{}</span> <span class="nan" title="{}">{} NaN</span>',
        said,
        where,
        series.nan_count,
    )


@register.simple_tag
def meter(share: float | None, label: str, tone: str = "") -> SafeString:
    """A bar for a share from 0 to 1, drawn with attributes: no inline style is ever needed."""
    if share is None:
        return format_html(
            '<svg class="meter is-unknown" role="img" aria-label="{}: unknown"/>', label
        )
    percent = round(min(max(share, 0), 1) * 100)
    return format_html(
        '<svg class="meter {}" role="img" aria-label="{}: {} %" preserveAspectRatio="none" '
        'viewBox="0 0 100 8"><rect class="track" width="100" height="8"/>'
        '<rect class="fill" width="{}" height="8"/></svg>',
        f"is-{tone}" if tone else "",
        label,
        percent,
        percent,
    )


@register.filter
def tag_search(tag: str) -> str:
    """What the runs page is asked for runs with that tag, for the end of an address."""
    return quote(f"tag:{quoted(tag)}", safe="")


@register.filter
def project_search(project: str) -> str:
    """The same for the runs of a project."""
    return quote(to_text(projects.clause(project)), safe="")


@register.filter
def whole(number: int) -> str:
    """A whole number with its thousands apart: `1,200`."""
    return f"{number:,}"


@register.filter
def attribute(mapping: dict[Any, Any] | str | None, key: Any) -> Any:
    """`mapping[key]`, where the key is a variable; None where there is no such key, or no mapping on this page."""
    return mapping.get(key) if isinstance(mapping, dict) else None

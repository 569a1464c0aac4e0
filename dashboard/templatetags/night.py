"""Words and marks of the overview, the timeline, the queue and the workers."""

import re
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from dashboard import badges
from dashboard.night.sparks import HEIGHT, WIDTH, Spark
from jobs.phrases import gpu_time

register = template.Library()
register.filter("gpu_time", gpu_time)


@register.filter
def add_to(number: float, more: float) -> float:
    """A sum of numbers; Django's own `add` cuts them to whole ones."""
    return round(number + more, 3)


@register.filter
def without_index(name: str | None) -> str:
    """The name of an array's member without its index."""
    return re.sub(r"\[\d+\]$", "", name or "")


@register.simple_tag
def bar_icon(status: str) -> SafeString:
    """The state's icon inside a bar of the timeline."""
    return format_html('<use href="#i-{}" width="24" height="24"/>', badges.badge(status).icon)


@register.simple_tag
def spark(drawn: Spark | None, label: str) -> SafeString | str:
    """The last hour of one number as a line; nothing where there is none."""
    if drawn is None:
        return ""
    lines = format_html_join("", '<polyline points="{}"/>', ((points,) for points in drawn.lines))
    return format_html(
        '<svg class="spark" role="img" aria-label="{}, last hour: {}" viewBox="0 0 {} {}" '
        'preserveAspectRatio="none"><title>{}, last hour: {}</title>{}</svg>',
        label,
        drawn.told,
        WIDTH,
        HEIGHT,
        label,
        drawn.told,
        lines,
    )


@register.filter
def users_of(attempts: list[Any]) -> str:
    """Whose jobs these are."""
    return ", ".join(sorted({attempt.job.user for attempt in attempts if attempt.job.user}))

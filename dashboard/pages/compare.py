"""The compare page and its parts. Every address takes the runs as the page does: `runs=`, `sel=` or `q=`."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from dashboard import figures_compare, palette
from dashboard.comparing import axes, chosen, code, columns, export, importance, media, parts
from dashboard.comparing.asked import Asked, listed
from dashboard.comparing.chosen import Chosen
from dashboard.figures_compare import Dot, Wish
from dashboard.frame import needs, page, visitor
from dashboard.models import Page
from dashboard.pages.numbers import whole
from dashboard.table import saved_views
from runs import selectors
from runs.errors import DomainError, Invalid, NotFound

AXES_MOST = 50  # of parallel coordinates: more cannot be told apart, and each is read of every run

View = Callable[..., HttpResponseBase]


def telling(view: View) -> View:
    """What cannot be meant is told in words, for the part of the page that asked."""

    @wraps(view)
    def around(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except NotFound as missing:
            return JsonResponse({"detail": missing.detail, "code": missing.code}, status=404)
        except DomainError as error:
            return JsonResponse({"detail": error.detail, "code": error.code}, status=400)

    return around


def found(request: HttpRequest) -> tuple[Asked, Chosen]:
    asked = Asked.of(request.GET)
    return asked, chosen.chosen(asked, person=visitor(request).name, now=timezone.now())


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /compare/?runs=job-1,job-2 or ?sel=KEY or ?q=FILTER: any number of runs side by side."""
    asked, mine = found(request)
    view = saved_views.opened(Page.COMPARE, request.GET, visitor(request).name)
    context = {"asked": asked, "chosen": mine, "runs": chosen.as_json(mine.runs), "view": view}
    return page(request, "compare.html", context, section="runs")


@needs("read")
@telling
def run_list(request: HttpRequest) -> JsonResponse:
    """GET /compare/runs.json: the runs as they are now."""
    _, mine = found(request)
    return JsonResponse({"runs": chosen.as_json(mine.runs), "missing": mine.missing})


@needs("read")
@telling
def part(request: HttpRequest) -> JsonResponse:
    """GET /compare/part.json?part=config: the rows of one table."""
    asked, mine = found(request)
    told = parts.part(request.GET.get("part", ""), mine.runs)
    return JsonResponse(parts.as_json(told, mine.runs, asked))


@needs("read")
@telling
def take(request: HttpRequest) -> HttpResponse:
    """GET /compare/export?part=metrics&format=csv|tex&shown=last|min|max|best&all=1: a table as a file."""
    asked, mine = found(request)
    name, form = request.GET.get("part", ""), request.GET.get("format", "csv")
    told = parts.part(name, mine.runs)
    text = export.table(
        told,
        mine.runs,
        form=form,
        shown=request.GET.get("shown", "last"),
        everything=request.GET.get("all") == "1",
        directions=asked.directions,
    )
    headers = {"Content-Disposition": f'attachment; filename="compare-{told.name}.{form}"'}
    return HttpResponse(text, content_type=export.FORMATS[form], headers=headers)


@needs("read")
@telling
def offers(request: HttpRequest) -> JsonResponse:
    """GET /compare/columns.json: which columns there are, and with which the pictures begin."""
    _, mine = found(request)
    told = axes.offer(mine.runs)
    across, up = told.pair
    return JsonResponse(
        {
            "columns": [
                {"name": name, "label": figures_compare.label(name)} for name in told.every
            ],
            "axes": told.axes,
            "target": told.target,
            "x": across,
            "y": up,
        }
    )


def _dots(mine: Chosen) -> list[Dot]:
    looks = palette.looks(mine.keys)
    labels = {run["id"]: run["label"] for run in chosen.as_json(mine.runs)}
    return [Dot(key, labels[key], looks[key].colour) for key in mine.keys]


@needs("read")
@telling
def parallel(request: HttpRequest) -> JsonResponse:
    """GET /compare/parallel.json?axes=config.lr,metric.loss:min&paint=metric.acc: what parallel coordinates show."""
    asked, mine = found(request)
    names = listed(request.GET.get("axes", ""))
    if len(names) > AXES_MOST:
        raise Invalid(
            f"parallel coordinates have at most {AXES_MOST} axes, and not {len(names)}: choose some of them"
        )
    paint = request.GET.get("paint", "")
    told = columns.of_runs([*names, *([paint] if paint else [])], mine.runs, asked.directions)
    colour = told[-1] if paint else None
    return JsonResponse(figures_compare.parallel(_dots(mine), told[: len(names)], colour))


@needs("read")
@telling
def scatter(request: HttpRequest) -> JsonResponse:
    """GET /compare/scatter.json?x=config.lr&y=metric.loss&paint=&logx=1&logy=1&trend=1&better=min,max"""
    asked, mine = found(request)
    query = request.GET
    names = [query.get("x", ""), query.get("y", "")]
    paint = query.get("paint", "")
    told = columns.of_runs([*names, *([paint] if paint else [])], mine.runs, asked.directions)
    better = f"{query.get('better', '')},".split(",")
    if not set(better[:2]) <= {"", "min", "max"}:
        raise Invalid(f"better={query.get('better', '')[:40]!r} is not of the form min,max")
    wish = Wish(
        log_x=query.get("logx") == "1",
        log_y=query.get("logy") == "1",
        trend=query.get("trend") == "1",
        better=(better[0], better[1]),  # type: ignore[arg-type]
    )
    colour = told[2] if paint else None
    return JsonResponse(figures_compare.scatter(_dots(mine), told[0], told[1], colour, wish))


@needs("read")
@telling
def mattered(request: HttpRequest) -> HttpResponse:
    """GET /compare/importance?target=metric.loss:last: which settings mattered for a number."""
    asked, mine = found(request)
    target = request.GET.get("target", "")
    told = importance.of_settings(mine.runs, target, asked.directions) if target else None
    name = figures_compare.label(target)
    return page(request, "_compare_importance.html", {"told": told, "name": name})


@needs("read")
@telling
def changes(request: HttpRequest) -> HttpResponse:
    """GET /compare/code?left=job-1&right=job-2: what differs between the uncommitted changes of two runs."""
    left, right = (selectors.run(request.GET.get(side, "")) for side in ("left", "right"))
    told = {"left": left, "right": right, "change": code.between(left, right)}
    return page(request, "_compare_code.html", told)


@needs("read")
@telling
def media_keys(request: HttpRequest) -> HttpResponse:
    """GET /compare/media: a card for each key of images, tables and texts that these runs have."""
    _, mine = found(request)
    told = media.keys(mine.runs)
    cards = [(key, json.dumps({"kind": key.kind, "key": key.key})) for key in told.keys]
    context = {"media": told, "cards": cards, "steps": json.dumps(told.steps)}
    return page(request, "_compare_media.html", context)


@needs("read")
@telling
def media_row(request: HttpRequest) -> HttpResponse:
    """GET /compare/media/row?kind=image&key=samples&step=100&start=24: some runs' items of a key at a step."""
    _, mine = found(request)
    told = media.row(
        mine.runs,
        request.GET.get("kind", ""),
        request.GET.get("key", ""),
        step=whole(request.GET, "step"),
        start=whole(request.GET, "start") or 0,
    )
    return page(request, "_compare_media_row.html", {"row": told})

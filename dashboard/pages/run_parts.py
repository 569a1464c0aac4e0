"""The parts of a run's page that are fetched when somebody looks at them: notes, config, environment, code, events."""

import json

import yaml
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST

from dashboard import run_page
from dashboard.frame import needs, page
from dashboard.pages.numbers import whole
from dashboard.rendering import markdown
from dashboard.run_sections import changes
from dashboard.run_sections.environment import commit_of, environment
from dashboard.run_sections.notes import known_tags, notes
from dashboard.run_sections.timeline import timeline
from runs import annotating, selectors

TEXT = "text/plain; charset=utf-8"


@needs("read")
def notes_shown(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/notes: the notes, as they are now."""
    run = selectors.run(key)
    may = annotating.may_annotate(request.principal)  # type: ignore[attr-defined]
    return page(request, "_run_notes.html", {"notes": notes(run), "may_annotate": may})


@require_POST
@needs("submit")
def notes_preview(request: HttpRequest, key: str) -> HttpResponse:
    """POST /runs/<key>/notes/preview   notes=…: what this Markdown would look like; nothing is kept."""
    selectors.run(key)
    text = request.POST.get("notes", "")
    if len(text) > annotating.NOTES_LONGEST:
        most = f"Notes may have {annotating.NOTES_LONGEST} characters, not {len(text)}."
        return HttpResponse(most, status=409, content_type=TEXT)
    return page(request, "_run_notes_preview.html", {"html": markdown.html(text)})


@needs("read")
def tags(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/tags.json?find=: tags that others have, for completion."""
    selectors.run(key)
    return JsonResponse({"tags": known_tags(request.GET.get("find", "")[:100])})


@needs("read")
def config(request: HttpRequest, key: str, kind: str) -> HttpResponse:
    """GET /runs/<key>/config.json or config.yaml: the config as text, to be copied."""
    run = selectors.run(key)
    if kind == "json":
        text = json.dumps(run.config, indent=2, ensure_ascii=False) + "\n"
    elif kind == "yaml":
        text = yaml.safe_dump(run.config, sort_keys=False, allow_unicode=True)
    else:
        raise Http404(f"a config is told as json or yaml, not as {kind[:20]!r}")
    return HttpResponse(text, content_type=TEXT)


@needs("read")
def surroundings(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/environment?attempt=N: what it ran with."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    found = environment(shown.run, shown.job, shown.shown, shown.attempt)
    return page(request, "_run_environment.html", {"page": shown, "environment": found})


@needs("read")
def code(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/code?attempt=N&all=1: the commit, and what was changed since."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    found = changes.changes(shown.run, shown.attempt, whole=request.GET.get("all") == "1")
    opened = [(file, *_shown(file)) for file in found.files]
    told = {"page": shown, "changes": found, "files": opened}
    return page(request, "_run_code.html", told | {"commit": commit_of(shown.run, shown.attempt)})


def _shown(file: changes.File) -> tuple[str, int]:
    lines, left = changes.lines_of(file) if file.is_open else ([], 0)
    return changes.rows_of(lines), left


@needs("read")
def code_file(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/code/file?file=N&all=1&attempt=N: the lines of one changed file."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    place = whole(request.GET, "file") or 0
    lines, left = changes.file_lines(
        shown.run, shown.attempt, place, whole=request.GET.get("all") == "1"
    )
    told = {"page": shown, "place": place, "rows": changes.rows_of(lines), "left": left}
    return page(request, "_run_code_file.html", told)


@needs("read")
def events(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/events?all=1: what happened to its job."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    found = timeline(shown.job, whole=request.GET.get("all") == "1")
    return page(request, "_run_events.html", {"page": shown, "timeline": found})

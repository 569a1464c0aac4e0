"""The artifacts of a run on its page: the tree, previews, and sounds and films to be played."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse

from dashboard import pictures, run_page
from dashboard.frame import needs, page
from dashboard.pages.numbers import whole
from dashboard.previews import kinds, tables, texts
from dashboard.previews.preview import Wish, preview
from dashboard.run_sections.artifacts import artifacts
from runs import artifacts as kept
from runs.api import downloads
from runs.errors import DomainError


@needs("read")
def tree(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/artifacts?find=WORDS&all=1&attempt=N: what it kept, in folders."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    found = artifacts(
        shown.run,
        shown.attempt,
        words=request.GET.get("find", "")[:200],
        whole=request.GET.get("all") == "1",
    )
    return page(request, "_run_artifacts.html", {"page": shown, "artifacts": found})


@needs("read")
def view(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/artifacts/view?path=&bytes=&rows=&source=1&attempt=N: one of them, as far as it can be shown."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    wish = Wish(
        limit=whole(request.GET, "bytes") or texts.FIRST,
        rows=whole(request.GET, "rows") or tables.ROWS_FIRST,
        is_source=request.GET.get("source") == "1",
    )
    found = preview(shown.run, shown.attempt, request.GET.get("path", ""), wish=wish)
    return page(request, "_run_preview.html", {"page": shown, "preview": found})


@needs("read")
def play(request: HttpRequest, key: str, path: str) -> HttpResponse | StreamingHttpResponse:
    """GET /runs/<key>/play/<path>?attempt=N: a sound or a film for a player; anything else is not there."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    try:
        content = kept.content(pictures.find(shown.run, shown.attempt, path))
        with content.opened(0, min(content.size, kinds.LOOKED_AT)) as file:
            kind = kinds.media_type(file.read(kinds.LOOKED_AT))
        if kind is None:
            raise Http404(f"{path[:100]!r} is no sound and no film")
        return downloads.answer(request, content, path, played_as=kind)
    except (DomainError, OSError) as error:
        raise Http404(f"there is no sound or film {path[:100]!r}") from error

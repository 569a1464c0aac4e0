"""Saved views: the state of a page under a name, of one person or of everybody who looks at a project."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict

from dashboard.models import Page, SavedView, Visibility
from dashboard.table import projects
from dashboard.table.shown import Table, View
from dashboard.table.wish import Wish, folded
from runs import storable
from runs.errors import Conflict, Forbidden, Invalid, NotFound
from whirr_site.access.principals import Principal

NAME_LONGEST = 100
QUERY_LONGEST = 20_000
MOST = 500  # views of one person
NOT_SAVED = (
    "view",
    "page",
    "upto",
    "after",
    "before",
)  # where one was reading is no part of a view


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different; None leaves it as it is."""

    name: str | None = None
    visibility: str | None = None
    is_default: bool | None = None
    query: str | None = None


def seen_by(name: str) -> Q:
    """Of the views those that somebody of this name may open: their own, and those of everybody."""
    return Q(owner=name) | Q(visibility=Visibility.PROJECT)


def visible(
    page: str, project: str, *, name: str, open_now: int | None = None
) -> QuerySet[SavedView]:
    """The views that this person may open there: of all projects, of that one, and the one that is open."""
    here = Q(project="") | Q(project__iexact=project) | Q(pk=open_now)
    return SavedView.objects.filter(seen_by(name), here, page=page)


def elsewhere(page: str, project: str, *, name: str) -> int:
    """How many more there are in other projects."""
    found = SavedView.objects.filter(seen_by(name), page=page).exclude(project="")
    return found.exclude(project__iexact=project).count()


def default(page: str, project: str) -> SavedView | None:
    """What the page shows to whoever asks for nothing else, or for nothing but that project."""
    found = SavedView.objects.filter(page=page, is_default=True)
    return found.filter(project__iexact=project).first()


def opening(query: QueryDict) -> SavedView | None:
    """The default that the runs page shows at this address: one that says nothing, or nothing but a project."""
    if not query:
        return default(Page.RUNS, "")
    project = projects.alone(Wish.of(query).text) if query.keys() == {"q"} else ""
    return default(Page.RUNS, project) if project else None


def state_of(view: SavedView) -> str:
    """The state of the page that it keeps."""
    return _state(view).urlencode()


def _state(view: SavedView) -> QueryDict:
    """In today's words where it is from before the filter language; what is of a project shows that project."""
    query = folded(QueryDict(view.query))
    before = query.get("q", "")
    text = projects.kept(before, view.project) if view.page == Page.RUNS else before
    if text != before:
        query = query.copy()
        query["q"] = text
    return query


def query_of(view: SavedView) -> str:
    """The query string that opens it."""
    query = state_of(view)
    return f"{query}&view={view.pk}" if query else f"view={view.pk}"


def save(
    *, name: str, page: str, project: str, visibility: str, query: str, by: Principal, now: datetime
) -> SavedView:
    """Keep a page's state. Raises Invalid, Forbidden, Conflict."""
    if page not in Page.values:
        raise Invalid(f"views are of the pages {', '.join(Page.values)}, not of {page[:30]!r}")
    if len(project := storable.text(project)) > 100:
        raise Invalid("the project may have 100 characters")
    if SavedView.objects.filter(owner=by.name).count() >= MOST:
        raise Invalid(f"you have {MOST} views: delete some first")
    view = SavedView(page=page, project=_spelt(project), owner=by.name, created_at=now)
    return _store(view, Change(name=name, visibility=visibility, query=query), by=by, now=now)


def _spelt(project: str) -> str:
    """As the views say it that are there: filters tell no project from one of other capitals."""
    found = SavedView.objects.filter(project__iexact=project).order_by("pk")
    return found.values_list("project", flat=True).first() or project


def change(pk: int, told: Change, *, by: Principal, now: datetime) -> SavedView:
    """Change one. Raises NotFound, Forbidden, Invalid, Conflict."""
    return _store(_own(pk, by), told, by=by, now=now)


def delete(pk: int, *, by: Principal) -> None:
    """Delete one; the runs stay. Raises NotFound, Forbidden."""
    _own(pk, by).delete()


def _own(pk: int, by: Principal) -> SavedView:
    view = SavedView.objects.filter(pk=pk).first()
    hidden = view is not None and view.visibility == Visibility.PRIVATE and view.owner != by.name
    if view is None or (hidden and not by.may("admin")):
        raise NotFound(f"there is no view {pk}")
    if view.owner != by.name and not by.may("admin"):
        raise Forbidden(f"the view “{view.name}” is {view.owner}'s: save one of your own")
    return view


def _store(view: SavedView, told: Change, *, by: Principal, now: datetime) -> SavedView:
    if told.name is not None:
        view.name = _checked_name(told.name)
    if told.visibility is not None:
        if told.visibility not in Visibility.values:
            raise Invalid(
                f"a view is {' or '.join(Visibility.values)}, not {told.visibility[:30]!r}"
            )
        view.visibility = told.visibility
    if told.query is not None:
        view.query = _checked_query(told.query)
        _check_project(view)
    if told.is_default is not None:
        view.is_default = told.is_default
    _check_shared(view, by)
    view.changed_at = now
    return _written(view)


def _check_shared(view: SavedView, by: Principal) -> None:
    if view.is_default and view.page != Page.RUNS:
        raise Invalid("only the runs page has a default")
    if view.visibility == Visibility.PRIVATE and view.is_default:
        raise Invalid(
            "the default is for everybody: share the view first, or make another one the default"
        )
    if view.visibility == Visibility.PROJECT and not by.may("submit"):
        raise Forbidden("sharing a view needs the role “submit”")


def _written(view: SavedView) -> SavedView:
    try:
        with transaction.atomic():
            if view.is_default:
                others = SavedView.objects.filter(
                    page=view.page, project=view.project, is_default=True
                )
                others.exclude(pk=view.pk).update(is_default=False)
            view.save()
    except IntegrityError as taken:
        raise Conflict(
            f"you have a view “{view.name}” already: choose another name, or save changes to that one"
        ) from taken
    return view


def _checked_name(name: str) -> str:
    name = storable.text(name).strip()
    if not name or len(name) > NAME_LONGEST or not name.isprintable():
        raise Invalid(f"a view needs a name of one line, of at most {NAME_LONGEST} characters")
    return name


def _checked_query(query: str) -> str:
    query = storable.text(query)
    if len(query) > QUERY_LONGEST:
        raise Invalid(
            f"a view keeps an address of at most {QUERY_LONGEST} characters; this has {len(query)}"
        )
    return _kept(query)


def _check_project(view: SavedView) -> None:
    if view.page != Page.RUNS or not view.project:
        return
    shown = projects.named(QueryDict(view.query).get("q", ""))
    if shown.lower() != view.project.lower():
        other = f"shows the project “{shown}”" if shown else "does not say project:…"
        raise Invalid(
            f"this view is of the project “{view.project}”, and the filter {other}: save a new view"
        )


def _kept(text: str) -> str:
    try:
        query = QueryDict(text, mutable=True)
    except Exception as error:  # Django's TooManyFieldsSent among them
        raise Invalid("the view's address cannot be read") from error
    for name in NOT_SAVED:
        query.pop(name, None)
    return query.urlencode()


def with_view(found: Table, shown: QueryDict, name: str) -> Table:
    """The table with the view that its address came from."""
    return replace(found, view=opened(Page.RUNS, shown, name))


def opened(page: str, shown: QueryDict, name: str) -> View | None:
    """The view that an address of the page came from, if that may be seen and is still there."""
    pk = number(shown.get("view", ""))
    view = SavedView.objects.filter(seen_by(name), pk=pk, page=page).first() if pk else None
    if view is None:
        return None
    now = sorted(QueryDict(_kept(shown.urlencode())).items())
    return View(
        id=view.pk,
        name=view.name,
        mine=view.owner == name,
        project=view.project,
        visibility=view.visibility,
        is_default=view.is_default,
        query=query_of(view),
        changed=now != sorted(_state(view).items()),
    )


def number(text: str) -> int | None:
    """Of a view, as an address says it."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None

"""Saved views: the state of a page under a name, of one person or of everybody who looks at a project."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict

from dashboard.models import Page, SavedView, Visibility
from dashboard.table.shown import Table, View
from dashboard.table.wish import folded
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


def visible(page: str, project: str, *, name: str) -> QuerySet[SavedView]:
    """The views of a page that somebody of this name may open: their own, and those of everybody."""
    found = SavedView.objects.filter(page=page, project=project)
    return found.filter(Q(owner=name) | Q(visibility=Visibility.PROJECT))


def default(page: str, project: str) -> SavedView | None:
    """What the page shows to whoever asks for nothing else."""
    return SavedView.objects.filter(page=page, project=project, is_default=True).first()


def state_of(view: SavedView) -> str:
    """The state of the page that it keeps; one from before the filter language is said in today's words."""
    query = folded(QueryDict(view.query))
    return query.urlencode() if query.keys() != QueryDict(view.query).keys() else view.query


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
    if len(storable.text(project)) > 100:
        raise Invalid("the project may have 100 characters")
    if SavedView.objects.filter(owner=by.name).count() >= MOST:
        raise Invalid(f"you have {MOST} views: delete some first")
    view = SavedView(page=page, project=storable.text(project), owner=by.name, created_at=now)
    return _store(view, Change(name=name, visibility=visibility, query=query), by=by, now=now)


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
    if told.is_default is not None:
        view.is_default = told.is_default
    if view.visibility == Visibility.PRIVATE and view.is_default:
        raise Invalid(
            "the default is for everybody: share the view first, or make another one the default"
        )
    if view.visibility == Visibility.PROJECT and not by.may("submit"):
        raise Forbidden("sharing a view needs the role “submit”")
    view.changed_at = now
    return _written(view)


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


def _kept(text: str) -> str:
    try:
        query = QueryDict(text, mutable=True)
    except Exception as error:  # Django's TooManyFieldsSent among them
        raise Invalid("the view's address cannot be read") from error
    for name in NOT_SAVED:
        query.pop(name, None)
    return query.urlencode()


def with_view(found: Table, shown: QueryDict, name: str) -> Table:
    """The table with the view that its address came from, if that may be seen and is still there."""
    if not found.wish.view:
        return found
    mine = Q(owner=name) | Q(visibility=Visibility.PROJECT)
    view = SavedView.objects.filter(mine, pk=int(found.wish.view), page=Page.RUNS).first()
    if view is None:
        return found
    now = sorted(QueryDict(_kept(shown.urlencode())).items())
    changed = now != sorted(folded(QueryDict(view.query)).items())
    told = View(
        id=view.pk,
        name=view.name,
        mine=view.owner == name,
        visibility=view.visibility,
        is_default=view.is_default,
        query=query_of(view),
        changed=changed,
    )
    return replace(found, view=told)

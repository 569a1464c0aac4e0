"""What the URL of the runs page asks for; the URL is the whole state of the page."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote

from django.http import QueryDict

from dashboard.table import projects
from runs.errors import Invalid
from runs.storable import text as storable

PAGE_SIZES = (50, 100, 500)
LONGEST_FILTER = 4000
LONGEST_LIST = 20_000
LARGEST_PAGE = 10**9
# What the charts beside the table ask for: links of the table keep it.
CHARTS = (
    *("x", "y", "smooth", "outliers", "agg", "band", "colour", "dash", "facet", "zoom", "find"),
    *("top", "each", "panels", "pins", "baseline", "split", "fold", "hide", "drawn"),
)
NO_VIEW = "none"  # `view=none`: the table as the address has it, though there may be a default view
QUOTED_BEFORE = ("state", "tag")  # of URLs from before the filter language


@dataclass(frozen=True, slots=True)
class Wish:
    """A filter, an order, columns, groups and a page.

    `within` says of which group only the members are meant: a value for each of the first grouping columns, as
    JSON text; null for runs that have none. `view` is the number of the saved view that this came from.
    """

    text: str = ""
    sort: tuple[str, ...] = ()  # columns, with a minus to go down
    cols: tuple[
        str, ...
    ] = ()  # columns, with an exclamation mark where pinned; none: chosen by what is there
    group: tuple[str, ...] = ()  # columns; `-config.seed`: all of the config but that
    within: tuple[str, ...] = ()
    page: int = 1
    size: int = PAGE_SIZES[0]
    upto: int = 0  # where one reads on: the newest run there was on the first page; 0 for none
    view: str = ""
    charts: tuple[tuple[str, str], ...] = ()  # parameters that the table itself does not read

    @classmethod
    def of(cls, query: QueryDict) -> "Wish":
        """Read the query string; a number that is none is left out. Raises Invalid for what is far too long."""
        view = query.get("view", "")
        return cls(
            text=_filter(query),
            sort=elements(query.get("sort", "")),
            cols=elements(query.get("cols", "")),
            group=elements(query.get("group", "")),
            within=elements(query.get("within", "")),
            page=_number(query.get("page", ""), default=1),
            size=_size(query.get("size", "")),
            upto=_upto(query.get("upto", "")),
            view=view if view.isascii() and view.isdecimal() and len(view) < 19 else "",
            charts=tuple(
                (name, str(query[name])[:LONGEST_LIST]) for name in CHARTS if query.get(name)
            ),
        )

    @property
    def baseline(self) -> str:
        """The id of the run that others are compared with."""
        return storable(dict(self.charts).get("baseline", ""))

    def query(self, **changes: Any) -> str:
        """The query string of this wish with something changed; defaults are left out."""
        wish = replace(self, **changes)
        told = {
            "q": wish.text,
            "sort": joined(wish.sort),
            "cols": joined(wish.cols),
            "group": joined(wish.group),
            "within": joined(wish.within),
            "page": wish.page if wish.page != 1 else "",
            "size": wish.size if wish.size != PAGE_SIZES[0] else "",
            "upto": wish.upto if wish.upto and wish.page != 1 else "",
            "view": wish.view,
        }
        says_more = any(told[name] != "" for name in told if name != "q") or wish.charts
        if not says_more and (not wish.text or projects.alone(wish.text)):
            told["view"] = NO_VIEW  # a link of the table leads to the table, not to the default
        query = QueryDict(mutable=True)
        query.update({name: str(value) for name, value in told.items() if value != ""})
        query.update(dict(wish.charts))
        return query.urlencode()


def elements(text: str, *, longest: int = LONGEST_LIST) -> tuple[str, ...]:
    """The elements of a comma list, each of which was encoded on its own. Raises Invalid."""
    if len(text) > longest:
        raise Invalid(f"this list may have {longest} characters, not {len(text)}; shorten it")
    found = [storable(unquote(each)) for each in text.split(",")]
    return tuple(each for each in found if each)


def joined(texts: tuple[str, ...]) -> str:
    """The comma list of these elements."""
    return ",".join(quote(each, safe="/:.-!_~ ") for each in texts)


def _filter(query: QueryDict) -> str:
    text = storable(query.get("q", "")).strip()
    for name in QUOTED_BEFORE:
        value = storable(query.get(name, ""))
        if value and value != "all":
            quoted = '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
            text = f"{text} {name}:{quoted}".strip()
    return text


def folded(query: QueryDict) -> QueryDict:
    """The query with all of its filter in `q`, which is where scripts look for it."""
    if not any(name in query for name in QUOTED_BEFORE):
        return query
    told = query.copy()
    told["q"] = _filter(query)
    for name in (*QUOTED_BEFORE, *([] if told["q"] else ["q"])):
        told.pop(name, None)
    return told


def _number(text: str, *, default: int) -> int:
    return (
        min(max(int(text[:10]), 1), LARGEST_PAGE)
        if text.isascii() and text.isdecimal()
        else default
    )


def _upto(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _size(text: str) -> int:
    return int(text) if text in map(str, PAGE_SIZES) else PAGE_SIZES[0]

"""Pages of a table: where one stands, and what stays where it is while one reads on."""

from dataclasses import replace

from django.db.models import QuerySet

from dashboard.table.shown import Paging
from dashboard.table.wish import PAGE_SIZES, Wish
from runs.models import Run


def read_upto(found: QuerySet[Run], wish: Wish, count: int) -> int:
    """The newest run of all pages that are read through; 0 where they are one page.

    The first page shows what is new; the others go on from how it was, or each new run would push one across a border.
    """
    if wish.page > 1 and wish.upto:
        return wish.upto
    if count <= wish.size:
        return 0
    return found.order_by("-pk").values_list("pk", flat=True).first() or 0


def paging(wish: Wish, count: int, number: int, shown: int, upto: int, newer: int) -> Paging:
    """Where the page stands among the others; `newer` runs match that are on none of them."""
    wish = replace(wish, upto=upto)
    pages = max(1, -(-count // wish.size))
    first = (number - 1) * wish.size
    return Paging(
        count=count,
        first=first + 1 if shown else 0,
        last=first + shown,
        number=number,
        pages=pages,
        earlier=wish.query(page=number - 1) if number > 1 else "",
        later=wish.query(page=number + 1) if number < pages else "",
        newer=newer,
        newest=wish.query(page=1),
        sizes=[(size, wish.query(size=size, page=1)) for size in PAGE_SIZES],
    )

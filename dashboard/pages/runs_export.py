from django.http import HttpRequest, StreamingHttpResponse

from dashboard.frame import needs
from dashboard.pages.runs import scope_of
from dashboard.table import exporting
from dashboard.table.bulk import Target
from dashboard.table.wish import Wish, elements


@needs("read")
def export(request: HttpRequest) -> StreamingHttpResponse:
    """GET /runs/export?format=csv|tex|parquet&<as the table, or runs= or sel=>: all rows, as a download"""
    query = request.GET
    name = query.get("format", "csv")
    target = Target(
        runs=elements(query.get("runs", "")), selection=query.get("sel", ""), wish=Wish.of(query)
    )
    pieces = exporting.export(target, name, scope_of(request))
    return StreamingHttpResponse(
        pieces,
        content_type=exporting.FORMATS[name],
        headers={"Content-Disposition": f'attachment; filename="runs.{name}"'},
    )

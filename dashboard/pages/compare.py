from django.http import HttpRequest, HttpResponse, JsonResponse

from dashboard import charts
from dashboard.comparison import asked, compare, runs_of
from dashboard.figures import AXES
from dashboard.frame import needs, page


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /compare/?runs=job-1,job-2: runs side by side."""
    context = {"comparison": compare(asked(request.GET.get("runs", "")))}
    return page(request, "compare.html", context, section="runs")


@needs("read")
def figures(request: HttpRequest) -> JsonResponse:
    """GET /compare/series.json?runs=…&key=loss&axis=step|time: a figure for each metric with a curve for each run."""
    runs = runs_of(asked(request.GET.get("runs", "")))
    keys = request.GET.getlist("key")[: charts.KEYS_AT_ONCE]
    axis = AXES.get(request.GET.get("axis", ""), "step")
    return JsonResponse({"figures": charts.draw(charts.newest(runs), keys, axis=axis)})

"""Plotly figures as plain dictionaries: how charts of metrics look. The browser fills in the points.

Points come as typed arrays from /api/v1/series, so a figure here holds none: it says what a layout is, and how the
traces of each role are drawn. Roles:

    line      the last point of each bucket, of one curve or of several that look the same (gaps between them)
    low, high the extremes of the buckets; the area between them is filled
    raw       a line as it was before smoothing
    odd       a NaN or an infinity, at the height of the last number
    clipped   a point beyond the range that is shown, at its edge
    edge      a point that a logarithmic axis has no place for, at its edge

Colours are the names of custom properties in tokens.css ("--series-3", with "/0.16" for a share of opacity): the
browser puts in what they mean in the theme of the moment.

All of them are SVG traces (`scatter`), also where points are many. WebGL ones (`scattergl`) work under our policy, but
they are slower: a chart has at most `LIMITS["buckets"]` buckets, Plotly leaves out what lies in the same pixel, and
browsers give a page 16 WebGL contexts at most, which a board of charts uses up at once. docs/charts.md has numbers.
"""

from typing import Any

Figure = dict[str, Any]

DASHES = ("solid", "dash", "dot", "dashdot")
RAMP = 9  # --ramp-0 … --ramp-8, for values in an order
FEW_POINTS = 30
LIMITS = {
    "buckets": 60_000,  # of all curves of a chart: a few MB, and a few tenths of a second
    "width": 600,  # of one curve: a chart is rarely wider in pixels, and 1200 points stay exact
    "narrowest": 60,
    "merged": 40,  # curves, beyond which those of one look share a trace: Plotly's cost is by the trace
    "writers": 32,  # in one chart, of all its runs together; each shows at least one
    "marked": FEW_POINTS,  # a point between two gaps is no line: where points are few, each is marked
    "thin_again": 4000,  # points in a live line, after which the server thins it anew
    "bands": 16,  # curves with a band of extremes; beyond, the one under the pointer has it
}


def style() -> Figure:
    """All that the page needs to draw: layout, roles, limits."""
    return {
        "layout": layout(),
        "roles": roles(),
        "dashes": list(DASHES),
        "limits": LIMITS,
        "ramp": RAMP,
    }


def roles() -> dict[str, Figure]:
    """A trace of each role without its points, colour and dash."""
    mark = {"mode": "markers", "hoverinfo": "skip", "showlegend": False, "cliponaxis": False}
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    found = {
        "line": {"mode": "lines", "connectgaps": False, "line": {"width": 1.75}},
        "raw": {"mode": "lines", "connectgaps": False, "line": {"width": 1}, "opacity": 0.2},
        "low": edge,
        "high": edge | {"fill": "tonexty"},
        "odd": mark | {"marker": {"size": 9, "color": "--bad"}},
        "clipped": mark | {"marker": {"size": 7}},
        "edge": mark | {"marker": {"size": 7, "symbol": "triangle-down-open"}},
    }
    return {
        role: {"type": "scatter", "hoverinfo": "skip"} | each | {"meta": {"role": role}}
        for role, each in found.items()
    }


def layout() -> Figure:
    """Axes and margins; the page adds what is chosen there: the kind of x and y, and ranges."""
    line = {
        "gridcolor": "--chart-grid",
        "zeroline": False,
        "linecolor": "--chart-grid",
        "tickfont": {"color": "--ink-soft", "size": 11},
        "automargin": True,
        "type": "linear",
    }
    return {
        "height": 240,
        "margin": {"l": 44, "r": 12, "t": 8, "b": 24},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "--ink-soft"},
        "xaxis": line | {"nticks": 6, "exponentformat": "e"},
        # "power" would write exponents in smaller letters by a style, which the policy forbids.
        "yaxis": line | {"nticks": 6, "exponentformat": "e"},
        "hovermode": False,  # the page's own: over all charts at once, and for merged traces
        "showlegend": False,
        "dragmode": "zoom",
    }

"""Addresses below /compare/."""

from django.urls import path

from dashboard.pages import compare

urlpatterns = [
    path("", compare.show, name="compare"),
    path("runs.json", compare.run_list, name="compare-runs"),
    path("part.json", compare.part, name="compare-part"),
    path("export", compare.take, name="compare-export"),
    path("columns.json", compare.offers, name="compare-columns"),
    path("parallel.json", compare.parallel, name="compare-parallel"),
    path("scatter.json", compare.scatter, name="compare-scatter"),
    path("importance", compare.mattered, name="compare-importance"),
    path("code", compare.changes, name="compare-code"),
    path("media", compare.media_keys, name="compare-media"),
    path("media/row", compare.media_row, name="compare-media-row"),
]

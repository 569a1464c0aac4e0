from django.urls import path

from runs.api import (
    agents,
    annotating,
    archiving,
    discarding,
    events,
    exports,
    logs,
    opening,
    people,
    retention,
    series,
)

_attempt = "runs/<str:key>/attempts/<int:attempt>"

urlpatterns = [
    path("runs", opening.RunsView.as_view(), name="api-runs"),
    path("runs/trash", discarding.DiscardView.as_view(), name="api-discard"),
    path("runs/restore", discarding.RestoreView.as_view(), name="api-restore"),
    path("runs/archive", archiving.ArchiveView.as_view(), name="api-archive"),
    path("runs/unarchive", archiving.UnarchiveView.as_view(), name="api-unarchive"),
    path("runs/<str:key>", annotating.RunView.as_view(), name="api-run"),
    path("runs/<str:key>/metrics", people.MetricsView.as_view(), name="api-run-metrics"),
    path("runs/<str:key>/series", series.SeriesView.as_view(), name="api-run-series"),
    path("runs/<str:key>/events", events.EventListView.as_view(), name="api-run-events"),
    path("series", series.ManySeriesView.as_view(), name="api-series"),
    path("alerts", events.AlertListView.as_view(), name="api-alerts"),
    path("runs/<str:key>/export", exports.ExportView.as_view(), name="api-run-export"),
    path("runs/<str:key>/log", logs.LogView.as_view(), name="api-run-log"),
    path("runs/<str:key>/log/search", logs.SearchView.as_view(), name="api-run-log-search"),
    path("runs/<str:key>/artifacts", people.ArtifactListView.as_view(), name="api-run-artifacts"),
    path(
        "runs/<str:key>/artifacts/<path:path>", people.ArtifactView.as_view(), name="api-artifact"
    ),
    path(f"{_attempt}/streams/<str:name>", agents.StreamView.as_view(), name="api-stream"),
    path(f"{_attempt}/documents/<str:name>", agents.DocumentView.as_view(), name="api-document"),
    path(
        f"{_attempt}/artifacts/<path:path>",
        agents.ArtifactPartView.as_view(),
        name="api-artifact-part",
    ),
    path("trash", discarding.TrashView.as_view(), name="api-trash"),
    path("trash/empty", discarding.EmptyView.as_view(), name="api-empty-trash"),
    path("retention", retention.RulesView.as_view(), name="api-retention-rules"),
    path("retention/<path:project>", retention.RuleView.as_view(), name="api-retention"),
]

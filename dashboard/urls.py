from django.urls import path, re_path

from dashboard.pages import compare, icon, job, overview, queue, run, runs, submit, workers

urlpatterns = [
    path("", overview.show, name="overview"),
    path("runs/", runs.show, name="runs"),
    path("runs/<str:key>/", run.show, name="run"),
    path("runs/<str:key>/head", run.head, name="run-head"),
    path("runs/<str:key>/why", job.explained, name="run-why"),
    path("runs/<str:key>/side", run.side, name="run-side"),
    path("runs/<str:key>/charts", run.chart_cards, name="run-charts"),
    path("runs/<str:key>/series.json", run.figures, name="run-figures"),
    path("runs/<str:key>/log.json", run.log, name="run-log"),
    path("runs/<str:key>/output.log", run.raw_log, name="run-raw-log"),
    path("compare/", compare.show, name="compare"),
    path("compare/series.json", compare.figures, name="compare-figures"),
    path("queue/", queue.show, name="queue"),
    path("jobs/<int:job_id>/cancel", job.change, {"verb": "cancel"}, name="cancel"),
    path("jobs/<int:job_id>/hold", job.change, {"verb": "hold"}, name="hold"),
    path("jobs/<int:job_id>/release", job.change, {"verb": "release"}, name="release"),
    path("jobs/<int:job_id>/retry", job.change, {"verb": "retry"}, name="retry"),
    path("jobs/<int:job_id>/priority", job.prioritise, name="priority"),
    path("workers/", workers.show, name="workers"),
    re_path(
        r"^workers/(?P<pk>[0-9]{1,18})/(?P<verb>drain|resume|disable|enable|delete)$",
        workers.change,
        name="change-worker",
    ),
    path("submit/", submit.show, name="submit"),
    path("favicon.ico", icon.favicon),
]

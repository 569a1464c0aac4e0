"""Addresses of the overview, the timeline, arrays, the demo data, and what the queue's page asks besides."""

from django.urls import path, re_path

from dashboard.pages import arrays, demo, overview, queue, timeline, workers

urlpatterns = [
    path("seen", overview.seen, name="seen"),
    path("first-steps/close", overview.close_steps, name="close-steps"),
    path("timeline/", timeline.show, name="timeline"),
    path("demo", demo.make, name="make-demo"),
    path("demo/remove", demo.remove, name="remove-demo"),
    path("arrays/", arrays.show_all, name="arrays"),
    path("arrays/<int:number>/", arrays.show, name="array"),
    re_path(
        r"^arrays/(?P<number>[0-9]{1,18})/(?P<verb>retry|cancel)$",
        arrays.change,
        name="change-array",
    ),
    re_path(r"^workers/(?P<pk>[0-9]{1,18})/projects$", workers.serve, name="worker-projects"),
    re_path(r"^workers/(?P<pk>[0-9]{1,18})/labels$", workers.relabel, name="worker-labels"),
    path("queue/usage", queue.shares, name="queue-usage"),
    path("queue/cancel.json", queue.consequence, name="cancel-consequence"),
    path("queue/place", queue.place, name="place-job"),
    path("queue/cancel", queue.cancel, name="cancel-chosen"),
    re_path(
        r"^queue/(?P<verb>hold|release|priority|top)\.json$",
        queue.foreseen,
        name="chosen-consequence",
    ),
    re_path(r"^queue/(?P<verb>hold|release|priority|top)$", queue.change, name="change-chosen"),
]

from django.urls import path

from jobs.api import agents, legacy, people

urlpatterns = [
    path("status", people.StatusView.as_view(), name="api-status"),
    path("jobs", people.JobsView.as_view(), name="api-jobs"),
    path("jobs/cancel-queued", people.CancelQueuedView.as_view(), name="api-cancel-queued"),
    path("jobs/claim", legacy.ClaimView.as_view(), name="api-claim"),
    path("jobs/<int:job_id>", people.JobView.as_view(), name="api-job"),
    path("jobs/<int:job_id>/cancel", people.CancelView.as_view(), name="api-cancel"),
    path("jobs/<int:job_id>/heartbeat", legacy.HeartbeatView.as_view(), name="api-heartbeat"),
    path("jobs/<int:job_id>/complete", legacy.CompleteView.as_view(), name="api-complete"),
    path("jobs/<int:job_id>/fail", legacy.FailView.as_view(), name="api-fail"),
    path(
        "jobs/<int:job_id>/attempts/<int:attempt>/finish",
        agents.FinishView.as_view(),
        name="api-finish",
    ),
    path("workers", people.WorkersView.as_view(), name="api-workers"),
    path("workers/register", agents.RegisterView.as_view(), name="api-register"),
    path("workers/unregister", agents.UnregisterView.as_view(), name="api-unregister"),
    path(
        "workers/<str:worker_id>/unregister",
        agents.UnregisterOneView.as_view(),
        name="api-unregister-one",
    ),
    path("workers/<str:worker_id>/sync", agents.SyncView.as_view(), name="api-sync"),
]

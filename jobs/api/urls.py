from django.urls import path

from jobs.api import agents, explaining, legacy, nodes, people, quotas, status, verbs

urlpatterns = [
    path("status", status.StatusView.as_view(), name="api-status"),
    path("jobs", people.JobsView.as_view(), name="api-jobs"),
    path("jobs/cancel", verbs.CancelManyView.as_view(), name="api-cancel-many"),
    path("jobs/retry", verbs.RetryManyView.as_view(), name="api-retry-many"),
    path("jobs/cancel-queued", verbs.CancelQueuedView.as_view(), name="api-cancel-queued"),
    path("jobs/claim", legacy.ClaimView.as_view(), name="api-claim"),
    path("jobs/<int:job_id>", people.JobView.as_view(), name="api-job"),
    path("jobs/<int:job_id>/events", people.EventsView.as_view(), name="api-events"),
    path("jobs/<int:job_id>/explain", explaining.ExplainView.as_view(), name="api-explain"),
    path("jobs/<int:job_id>/cancel", verbs.CancelView.as_view(), name="api-cancel"),
    path("jobs/<int:job_id>/retry", verbs.RetryView.as_view(), name="api-retry"),
    path("jobs/<int:job_id>/hold", verbs.HoldView.as_view(), name="api-hold"),
    path("jobs/<int:job_id>/release", verbs.ReleaseView.as_view(), name="api-release"),
    path("jobs/<int:job_id>/heartbeat", legacy.HeartbeatView.as_view(), name="api-heartbeat"),
    path("jobs/<int:job_id>/complete", legacy.CompleteView.as_view(), name="api-complete"),
    path("jobs/<int:job_id>/fail", legacy.FailView.as_view(), name="api-fail"),
    path(
        "jobs/<int:job_id>/attempts/<int:attempt>/finish",
        agents.FinishView.as_view(),
        name="api-finish",
    ),
    path("workers", nodes.WorkersView.as_view(), name="api-workers"),
    path("workers/register", agents.RegisterView.as_view(), name="api-register"),
    path("workers/unregister", agents.UnregisterView.as_view(), name="api-unregister"),
    path(
        "workers/<str:worker_id>/unregister",
        agents.UnregisterOneView.as_view(),
        name="api-unregister-one",
    ),
    path("workers/<str:worker_id>", nodes.WorkerView.as_view(), name="api-worker"),
    path("workers/<str:worker_id>/drain", nodes.DrainView.as_view(), name="api-drain"),
    path("workers/<str:worker_id>/resume", nodes.ResumeView.as_view(), name="api-resume"),
    path("workers/<str:worker_id>/disable", nodes.DisableView.as_view(), name="api-disable"),
    path("workers/<str:worker_id>/enable", nodes.EnableView.as_view(), name="api-enable"),
    path("workers/<str:worker_id>/sync", agents.SyncView.as_view(), name="api-sync"),
    path("quotas", quotas.QuotasView.as_view(), name="api-quotas"),
    path("quotas/<str:scope>", quotas.EverybodysQuotaView.as_view(), name="api-quota-of-each"),
    path("quotas/<str:scope>/<path:name>", quotas.QuotaView.as_view(), name="api-quota"),
]

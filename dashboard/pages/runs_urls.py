from django.urls import path

from dashboard.pages import runs, runs_bulk, runs_export, runs_finding, views

urlpatterns = [
    path("runs/", runs.show, name="runs"),
    path("runs/members", runs.members, name="runs-members"),
    path("runs/columns.json", runs_finding.columns, name="runs-columns"),
    path("runs/complete.json", runs_finding.complete, name="runs-complete"),
    path("runs/ids.json", runs_finding.ids, name="runs-ids"),
    path("runs/tip.json", runs_finding.tip, name="runs-tip"),
    path("runs/bulk.json", runs_bulk.preview, name="runs-bulk-preview"),
    path("runs/bulk", runs_bulk.apply, name="runs-bulk"),
    path("runs/export", runs_export.export, name="runs-export"),
    path("selections", runs_bulk.select, name="selections"),
    path("views.json", views.listed, name="views"),
    path("views", views.save, name="view-save"),
    path("views/<int:pk>/change", views.change, name="view-change"),
    path("views/<int:pk>/delete", views.delete, name="view-delete"),
]

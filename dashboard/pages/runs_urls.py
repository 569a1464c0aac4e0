from django.urls import path

from dashboard.pages import runs

urlpatterns = [
    path("runs/", runs.show, name="runs"),
    path("runs/members", runs.members, name="runs-members"),
]

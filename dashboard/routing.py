"""The websockets of live pages."""

from django.urls import re_path

from dashboard.consumers import QueueConsumer, RunConsumer

websocket_urlpatterns = [
    re_path(r"^ws/queue/$", QueueConsumer.as_asgi()),
    re_path(r"^ws/runs/(?P<key>[a-z0-9-]{1,64})/$", RunConsumer.as_asgi()),
]

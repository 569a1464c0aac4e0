"""The addresses of a run's page and its parts."""

from django.urls import path

from dashboard.pages import artifacts, run, run_parts

urlpatterns = [
    path("", run.show, name="run"),
    path("head", run.head, name="run-head"),
    path("side", run.side, name="run-side"),
    path("more", run.more, name="run-more"),
    path("writers", run.numbers_by_writer, name="run-writers"),
    path("notes", run_parts.notes_shown, name="run-notes"),
    path("notes/preview", run_parts.notes_preview, name="run-notes-preview"),
    path("tags.json", run_parts.tags, name="run-tags"),
    path("config.<str:kind>", run_parts.config, name="run-config"),
    path("environment", run_parts.surroundings, name="run-environment"),
    path("code", run_parts.code, name="run-code"),
    path("code/file", run_parts.code_file, name="run-code-file"),
    path("events", run_parts.events, name="run-events"),
    path("artifacts", artifacts.tree, name="run-artifacts"),
    path("artifacts/view", artifacts.view, name="run-artifact"),
    path("play/<path:path>", artifacts.play, name="run-play"),
]

from django.apps import AppConfig


class RunsConfig(AppConfig):
    name = "runs"
    verbose_name = "Runs"

    def ready(self) -> None:
        from runs import lookups  # noqa: F401, PLC0415  (registers itself; needs the app registry)
        from runs.query import functions  # noqa: PLC0415

        functions.register()

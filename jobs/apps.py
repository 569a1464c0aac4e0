from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jobs"
    verbose_name = "Queue"

    def ready(self) -> None:
        from jobs.letting_go import TIE  # noqa: PLC0415  (needs the app registry)
        from runs import ties  # noqa: PLC0415

        ties.tie(TIE)

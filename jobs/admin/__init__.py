"""The queue in Django's admin. States are read-only: actions call the domain functions, and so does every page."""

from jobs.admin import jobs, quotas, records, workers

__all__ = ["jobs", "quotas", "records", "workers"]

"""`whirr doctor` from inside: what the server's own environment tells, as JSON."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from whirr_site import diagnosis


class Command(BaseCommand):
    help = "Say what is wrong with the database, the storage and the background work, as JSON."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = [finding.as_json() for finding in diagnosis.findings()]
        self.stdout.write(json.dumps(found))

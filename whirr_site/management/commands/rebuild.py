"""`whirr doctor --rebuild` from inside: the database made again from the files below `runs/`."""

import fcntl
import os
import sys
from collections import Counter
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.utils import timezone

from jobs import numbering, pulse
from runs import clock, rebuilding, sweeping
from runs.rebuilding import DAMAGED, EQUAL, SKIPPED, Outcome

SHORT = 12  # digits of a checksum that a person compares


class Command(BaseCommand):
    help = "Make the database again from the files of all runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what differs, write nothing"
        )
        parser.add_argument("--online", action="store_true", help="even while a server runs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 where something differs (dry run) or a folder was skipped."""
        rehearse = bool(options["dry_run"])
        if not rehearse:
            if not options["online"] and _is_served():
                self.stderr.write("whirr: a server runs on this database")
                self.stderr.write("       stop it first (`whirr down`), or add --online")
                raise SystemExit(1)
            call_command("migrate", interactive=False, verbosity=0)
            numbering.begin_after(rebuilding.highest_job())
        counts: Counter[str] = Counter()
        total = len(rebuilding.folders())
        for done, outcome in enumerate(rebuilding.rebuild(rehearse=rehearse), start=1):
            counts[outcome.done] += 1
            self._tell(outcome)
            self._progress(done, total)
        self._sum_up(counts, rehearse=rehearse)

    def _tell(self, outcome: Outcome) -> None:
        if outcome.done == EQUAL and not outcome.notes:
            return
        self._clear()
        sums = f"{outcome.before[:SHORT]} → {outcome.after[:SHORT]}" if outcome.after else ""
        self.stdout.write(f"{outcome.key}\t{outcome.done}\t{sums}\t{'; '.join(outcome.notes)}")

    def _progress(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{done} of {total} runs", ending="")

    def _clear(self) -> None:
        if sys.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")

    def _sum_up(self, counts: Counter[str], *, rehearse: bool) -> None:
        self._clear()
        total = sum(counts.values())
        told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"
        self.stdout.write(f"{total} runs: {told}")
        if not rehearse:
            freed = sweeping.sweep(now=timezone.now())
            if freed:
                self.stdout.write(f"{freed} bytes of contents that no artifact names are freed")
        wrong = counts[SKIPPED] or counts[DAMAGED] or (rehearse and counts[EQUAL] != total)
        if wrong:
            raise SystemExit(1)


def _is_served() -> bool:
    """Whether a stack holds this folder, or a web process was heard of a moment ago by a database that many share."""
    if connection.vendor == "postgresql":
        if "jobs_pulse" not in connection.introspection.table_names():
            return False
        return pulse.web_is_alive(now=clock.now())
    try:
        handle = os.open(settings.DATA_DIR / "stack.lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False

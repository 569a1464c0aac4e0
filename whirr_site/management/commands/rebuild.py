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
from runs.errors import NotFound
from runs.rebuilding import DAMAGED, EQUAL, SKIPPED, Outcome

SHORT = 12  # digits of a checksum that a person compares


class Command(BaseCommand):
    help = "Make the database again from the files of all runs."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what differs, write nothing"
        )
        parser.add_argument("--online", action="store_true", help="even while a server runs")
        parser.add_argument(
            "--sweep", action="store_true", help="then remove contents that nothing names"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit code 1 where something differs (dry run), is damaged, or a folder was skipped."""
        rehearse = bool(options["dry_run"])
        if not rehearse:
            if not options["online"] and _is_served():
                self.stderr.write("whirr: a server runs on this database")
                self.stderr.write("       stop it first (`whirr down`), or add --online")
                raise SystemExit(1)
            call_command("migrate", interactive=False, verbosity=0)
            numbering.begin_after(rebuilding.highest_job())
        try:
            counts = self._go_through(rehearse=rehearse)
        except NotFound as error:
            self.stderr.write(f"whirr: {error.detail}")
            raise SystemExit(1) from None
        self._sum_up(counts)
        if options["sweep"] and not rehearse:
            self._sweep(counts)
        wrong = counts[SKIPPED] or counts[DAMAGED] or (rehearse and counts[EQUAL] != counts.total())
        if wrong:
            raise SystemExit(1)

    def _go_through(self, *, rehearse: bool) -> Counter[str]:
        counts: Counter[str] = Counter()
        total = len(rebuilding.folders())
        for done, outcome in enumerate(rebuilding.rebuild(rehearse=rehearse), start=1):
            counts[outcome.done] += 1
            self._tell(outcome)
            self._progress(done, max(done, total))
        return counts

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

    def _sum_up(self, counts: Counter[str]) -> None:
        self._clear()
        told = ", ".join(f"{count} {word}" for word, count in sorted(counts.items())) or "none"
        self.stdout.write(f"{counts.total()} runs: {told}")

    def _sweep(self, counts: Counter[str]) -> None:
        """What is swept is gone: only where every run is accounted for."""
        if counts[SKIPPED] or counts[DAMAGED] or not counts:
            self.stderr.write("whirr: nothing is swept while runs are missing, damaged or skipped")
            raise SystemExit(1)
        freed = sweeping.sweep(now=timezone.now())
        self.stdout.write(f"{freed} bytes of contents that nothing names are freed")


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

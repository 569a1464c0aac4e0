"""What deaths at a bad moment left behind among contents and part files. Safe at any time, beside any upload."""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Length

from runs import artifacts, contents, manifest, parts, storage
from runs.models import Artifact, Deletion, Run

log = logging.getLogger(__name__)

GRACE = timedelta(days=1)  # for what nobody names, and for an upload that nobody goes on with
BATCH = 500
OF_A_PART = 32  # characters of its name


def sweep(*, now: datetime) -> int:
    """Remove contents that neither an artifact nor a manifest names, and part files; how many bytes that freed.

    To be called where every run is accounted for: what is removed here is gone. Raises OSError, Invalid where a
    manifest cannot be read, and has removed nothing then.
    """
    named = manifest.digests()
    loose = (digest for digest in _unnamed(contents.stored()) if digest not in named)
    freed = artifacts.release(each for each in loose if contents.is_older(each, now - GRACE))
    return freed + sweep_parts(now=now)


def sweep_parts(*, now: datetime) -> int:
    """Finish uploads that lack only their last step, and remove part files that nobody wrote to for a day.

    How many bytes that freed. Nothing is removed while a folder has a run that the database does not know: it may
    not be the one that names the files.
    """
    whole = Artifact.objects.filter(received=F("size")).select_related("run")
    for artifact in whole.annotate(length=Length("blob")).filter(length=OF_A_PART):
        if parts.path_of(artifact.blob).is_file():
            artifacts.settle(artifact, now=artifact.modified_at)
    if not _knows_every_run():
        log.info("part files stay: the database does not know every run that has a folder")
        return 0
    return artifacts.release(_unnamed(parts.untouched_since(now - GRACE)))


def _knows_every_run() -> bool:
    home = Path(settings.RUNS_DIR)
    known = set(Run.objects.values_list("key", flat=True))
    if not known or not home.is_dir():
        return False
    known |= set(Deletion.objects.values_list("run_key", flat=True))
    return all(path.name in known for path in home.iterdir() if storage.KEY.match(path.name))


def _unnamed(names: Iterable[str]) -> Iterator[str]:
    waiting = iter(names)
    while some := list(islice(waiting, BATCH)):
        named = set(Artifact.objects.filter(blob__in=some).values_list("blob", flat=True))
        yield from (name for name in some if name not in named)

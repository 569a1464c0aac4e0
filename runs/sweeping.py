"""What deaths at a bad moment left behind among contents and part files. Safe at any time, beside any upload."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain, islice

from django.db.models import F
from django.db.models.functions import Length

from runs import artifacts, contents, parts
from runs.models import Artifact

GRACE = timedelta(days=1)  # for the file of an upload that nobody goes on with
BATCH = 500
OF_A_PART = 32  # characters of its name


def sweep(*, now: datetime) -> int:
    """Finish uploads that lack only their last step, and remove what no artifact names; how many bytes that freed."""
    whole = Artifact.objects.filter(received=F("size")).select_related("run")
    for artifact in whole.annotate(length=Length("blob")).filter(length=OF_A_PART):
        if parts.path_of(artifact.blob).is_file():
            artifacts.settle(artifact, now=artifact.modified_at)
    return artifacts.release(_unnamed(chain(contents.stored(), parts.untouched_since(now - GRACE))))


def _unnamed(names: Iterable[str]) -> Iterator[str]:
    waiting = iter(names)
    while some := list(islice(waiting, BATCH)):
        named = set(Artifact.objects.filter(blob__in=some).values_list("blob", flat=True))
        yield from (name for name in some if name not in named)

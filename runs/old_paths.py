"""Files of a run by the names that whirr 0.5 gave them: paths from the run's folder on."""

from runs import artifacts, contents, selectors, storage
from runs.contents import Content
from runs.errors import NotFound
from runs.models import Run

FOLDER = "artifacts/"
OWN = (*storage.STREAMS, *storage.DOCUMENTS)


def file_of(run: Run, path: str) -> Content:
    """The artifact of that name; else `artifacts/model.npz` or `metrics.jsonl`, as a client of 0.5 asks for them.

    Raises NotFound.
    """
    try:
        return artifacts.content(selectors.artifact(run, path))
    except NotFound:
        if path.startswith(FOLDER):
            return artifacts.content(selectors.artifact(run, path.removeprefix(FOLDER)))
        own = _own_file(run, path)
        if own is None:
            raise
        return own


def _own_file(run: Run, name: str) -> Content | None:
    """A stream or document of the newest attempt, if it is there and no link."""
    if name not in OWN or run.attempt == 0:
        return None
    file = storage.attempt_folder(run, run.attempt).resolve() / name
    return contents.of_path(file) if file.is_file() and not file.is_symlink() else None

"""Downloads by the names of whirr 0.5: paths from the run's folder on."""

import pytest

from runs import artifacts, storage
from runs.models import Run
from tests.runs.factories import NOON, log, make_run
from tests.site.asking import owner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]


def keep(run: Run, path: str, data: bytes) -> None:
    artifacts.receive(run, run.attempt, path, offset=0, size=len(data), data=data, now=NOON)


def sent(run: Run, path: str) -> tuple[int, bytes]:
    answer = owner().get(f"/api/v1/runs/{run.key}/artifacts/{path}")
    return answer.status_code, answer.getvalue()


def test_an_artifact_may_be_asked_for_with_its_folder() -> None:
    run = make_run()
    keep(run, "deep/model.npz", b"m")
    assert sent(run, "deep/model.npz") == sent(run, "artifacts/deep/model.npz") == (200, b"m")


def test_an_artifact_that_has_the_name_itself_comes_first() -> None:
    run = make_run()
    keep(run, "artifacts/model.npz", b"its own")
    keep(run, "model.npz", b"another")
    keep(run, "output.log", b"kept")
    log(run, b"written", name="output.log")
    assert sent(run, "artifacts/model.npz") == (200, b"its own")
    assert sent(run, "output.log") == (200, b"kept")


def test_streams_and_documents_of_the_newest_attempt_can_be_asked_for() -> None:
    run = make_run()
    log(run, b"hello\n", name="output.log")
    storage.document_path(run, 1, "config.json").write_text("{}")
    assert sent(run, "output.log") == (200, b"hello\n")
    assert sent(run, "config.json") == (200, b"{}")
    assert sent(make_run(attempt=0), "output.log")[0] == 404


def test_a_link_in_place_of_a_stream_is_not_followed() -> None:
    run = make_run()
    log(run, b"hello\n", name="output.log")
    storage.stream_path(run, 1, "metrics.jsonl").symlink_to("output.log")
    assert sent(run, "metrics.jsonl")[0] == 404


@pytest.mark.parametrize(
    "path", ["metrics.jsonl", "artifacts/", "artifacts/nope", "attempts/1/output.log"]
)
def test_what_is_not_there_is_404(path: str) -> None:
    run = make_run()
    log(run, b"hello\n", name="output.log")
    assert sent(run, path)[0] == 404

"""The life of a run that an MLflow client makes, and what whirr shows of it."""

import json
from typing import Any

import pytest

from runs import feed, recording, storage
from runs.models import Run, RunStatus
from tests.mlflow_api.asking import (
    INVALID,
    MISSING,
    TIME,
    answer,
    found,
    get,
    log,
    new_experiment,
    new_run,
    post,
    refused,
    run,
    values,
)
from tests.runs.factories import NOON, make_run
from tests.site.asking import owner

pytestmark = pytest.mark.django_db


def ours(run_id: str) -> Run:
    return Run.objects.get(key=run_id)


def test_a_run_is_an_ordinary_direct_run_of_the_project() -> None:
    run_id = new_run(
        new_experiment(), run_name="first", tags=[{"key": "mlflow.user", "value": "ada"}]
    )
    told = ours(run_id)
    assert (told.project, told.name, told.user, told.status) == (
        "vision",
        "first",
        "ada",
        "running",
    )
    info = run(run_id)["info"]
    assert (info["run_name"], info["user_id"], info["status"]) == ("first", "ada", "RUNNING")
    assert info["start_time"] == TIME
    assert info["lifecycle_stage"] == "active"
    assert owner().get(f"/runs/{run_id}/").status_code == 200
    assert run_id in owner().get("/runs/").content.decode()


def test_a_run_without_a_name_is_called_by_its_id() -> None:
    run_id = new_run()
    assert run(run_id)["info"]["run_name"] == run_id
    assert "mlflow.runName" not in values(run_id, "tags")


@pytest.mark.parametrize(
    ("word", "status"),
    [("FINISHED", "completed"), ("FAILED", "failed"), ("KILLED", "cancelled"), (3, "completed")],
)
def test_an_end_has_its_state_and_its_time(word: Any, status: str) -> None:
    run_id = new_run()
    told = post("runs/update", run_id=run_id, status=word, end_time=TIME + 5000)["run_info"]
    assert (ours(run_id).status, told["end_time"]) == (status, TIME + 5000)
    assert ours(run_id).duration_seconds == 5


def test_an_ended_run_goes_on_when_a_client_resumes_it() -> None:
    run_id = new_run()
    post("runs/update", run_id=run_id, status="FINISHED")
    post("runs/update", run_id=run_id, status="RUNNING")
    assert "end_time" not in run(run_id)["info"]
    assert ours(run_id).status == RunStatus.RUNNING


def test_one_that_is_archived_comes_back_when_it_goes_on_and_not_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_id, rung = new_run(), []
    post("runs/update", run_id=run_id, status="FINISHED")
    Run.objects.filter(key=run_id).update(archived_at=NOON, archived_by="ada")
    post("runs/update", run_id=run_id, status="FAILED", run_name="renamed")
    assert (ours(run_id).archived_at, ours(run_id).archived_by) == (NOON, "ada")
    monkeypatch.setattr(feed, "ring", lambda *groups: rung.extend(groups))
    post("runs/update", run_id=run_id, status="RUNNING")
    assert (ours(run_id).archived_at, ours(run_id).archived_by) == (None, "")
    assert {feed.QUEUE, feed.run_group(run_id)} <= set(rung)


def test_name_and_name_tag_are_one() -> None:
    run_id = new_run(run_name="first")
    assert values(run_id, "tags")["mlflow.runName"] == "first"
    post("runs/update", run_id=run_id, run_name="second")
    assert values(run_id, "tags")["mlflow.runName"] == "second"
    post("runs/set-tag", run_id=run_id, key="mlflow.runName", value="third")
    assert run(run_id)["info"]["run_name"] == "third"


def test_a_deleted_run_is_hidden_takes_nothing_more_and_comes_back() -> None:
    kept, gone = new_run(), new_run()
    post("runs/delete", run_id=gone)
    assert found("0") == [kept]
    assert found("0", run_view_type="DELETED_ONLY") == [gone]
    assert set(found("0", run_view_type="ALL")) == {kept, gone}
    assert run(gone)["info"]["lifecycle_stage"] == "deleted"
    body = {"run_id": gone, "key": "x", "value": 1, "timestamp": TIME}
    assert refused("POST", "runs/log-metric", body) == INVALID
    post("runs/restore", run_id=gone)
    assert answer("POST", "runs/log-metric", body).status_code == 200
    assert set(found("0")) == {kept, gone}


def test_params_are_kept_to_the_letter_and_as_numbers_in_the_config() -> None:
    texts = {
        "lr": "0.10",
        "n": "3",
        "eps": "1e-05",
        "on": "True",
        "no": "None",
        "name": "adam",
        "": "",
    }
    texts.pop("")
    run_id = new_run()
    given = [{"key": key, "value": text} for key, text in texts.items()]
    post("runs/log-batch", run_id=run_id, params=given)
    post("runs/log-parameter", run_id=run_id, key="empty", value="")
    assert values(run_id, "params") == texts | {"empty": ""}
    file = storage.document_path(ours(run_id), 1, "config.json")
    assert json.loads(file.read_text()) == ours(run_id).config
    assert ours(run_id).config == {
        "lr": "0.10",  # no number that Python would write like this
        "n": 3,
        "eps": 1e-05,
        "on": True,
        "no": None,
        "name": "adam",
        "empty": "",
    }


def test_a_param_never_changes_and_may_be_said_again() -> None:
    run_id = new_run()
    for _ in range(2):
        post("runs/log-parameter", run_id=run_id, key="lr", value="0.1")
    body = {"run_id": run_id, "key": "lr", "value": "0.2"}
    assert refused("POST", "runs/log-parameter", body) == INVALID
    batch = {
        "run_id": run_id,
        "params": [{"key": "n", "value": "1"}, {"key": "lr", "value": "0.2"}],
        "metrics": [{"key": "loss", "value": 1, "timestamp": TIME}],
        "tags": [{"key": "x", "value": "y"}],
    }
    assert refused("POST", "runs/log-batch", batch) == INVALID
    assert values(run_id, "params") == {"lr": "0.1"}
    assert values(run_id, "metrics") == values(run_id, "tags") == {}


def test_two_values_for_one_param_in_a_batch_are_refused() -> None:
    params = [{"key": "n", "value": "1"}, {"key": "n", "value": "2"}]
    body = {"run_id": new_run(), "params": params}
    assert refused("POST", "runs/log-batch", body) == INVALID


def test_tags_come_back_to_the_letter_and_a_persons_show_in_our_pages() -> None:
    tags = {"team": "a b", "mlflow.source.name": "train.py", 'odd "key"': "x=y", "flag": ""}
    run_id = new_run(tags=[{"key": key, "value": value} for key, value in tags.items()])
    assert values(run_id, "tags") == tags
    assert ours(run_id).tags == ["flag", 'odd "key"=x=y', "team=a b"]
    post("runs/delete-tag", run_id=run_id, key="team")
    assert ours(run_id).tags == ["flag", 'odd "key"=x=y']
    assert refused("POST", "runs/delete-tag", {"run_id": run_id, "key": "team"}) == MISSING


def test_values_that_are_too_long_are_cut_as_mlflow_cuts_them() -> None:
    run_id = new_run()
    post("runs/log-parameter", run_id=run_id, key="p", value="x" * 6001)
    post("runs/set-tag", run_id=run_id, key="t", value="x" * 8001)
    assert len(values(run_id, "params")["p"]) == 6000
    assert len(values(run_id, "tags")["t"]) == 8000


class TestARunOfWhirrsOwn:
    """Its record comes from its own files; an MLflow client reads it."""

    def test_it_is_found_and_read(self) -> None:
        job = make_run(
            project="queue", name="base", config={"lr": 0.1, "opt": {"k": 1}, "on": True}
        )
        Run.objects.filter(pk=job.pk).update(tags=["baseline"])
        told = run(job.key)
        assert told["info"]["run_name"] == "base"
        params = {each["key"]: each["value"] for each in told["data"]["params"]}
        assert params == {"lr": "0.1", "opt": json.dumps({"k": 1}), "on": "True"}
        assert values(job.key, "tags")["whirr.tags"] == '["baseline"]'
        number = get("experiments/get-by-name", experiment_name="queue")["experiment"]
        assert found(number["experiment_id"]) == [job.key]

    def test_one_that_waits_is_scheduled(self) -> None:
        assert run(make_run(attempt=0).key)["info"]["status"] == "SCHEDULED"

    @pytest.mark.parametrize(
        ("name", "more"),
        [
            ("runs/log-metric", {"key": "x", "value": 1, "timestamp": TIME}),
            ("runs/log-parameter", {"key": "x", "value": "1"}),
            ("runs/log-batch", {}),
            ("runs/update", {"status": "FINISHED"}),
            ("runs/log-inputs", {}),
            ("runs/outputs", {}),
            ("runs/log-model", {"model_json": "{}"}),
        ],
    )
    def test_nothing_is_written_into_its_record(self, name: str, more: dict[str, Any]) -> None:
        assert refused("POST", name, {"run_id": make_run().key} | more) == INVALID

    def test_tags_can_be_set_and_leave_its_own_alone(self) -> None:
        job = make_run(tags=["baseline"])
        post("runs/set-tag", run_id=job.key, key="note", value="good")
        assert values(job.key, "tags")["note"] == "good"
        assert ours(job.key).tags == ["baseline"]

    def test_it_can_be_deleted_and_restored_once_its_job_has_ended(self) -> None:
        job = make_run()
        assert refused("POST", "runs/delete", {"run_id": job.key}) == INVALID
        recording.set_statuses([(job, RunStatus.COMPLETED)], now=NOON)
        post("runs/delete", run_id=job.key)
        assert found("0") == []
        assert ours(job.key).is_in_trash
        post("runs/restore", run_id=job.key)
        assert found("0") == [job.key]


def test_reading_many_runs_costs_no_more_queries_than_reading_one(
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(12):
        run_id = new_run(tags=[{"key": "n", "value": str(number)}])
        log(run_id, "loss", 1, 2)
        post("runs/log-parameter", run_id=run_id, key="n", value=str(number))
    with django_assert_max_num_queries(9):
        assert len(found("0")) == 12

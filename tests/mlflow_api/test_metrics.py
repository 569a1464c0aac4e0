"""Metrics go through the run's metrics.jsonl and come back as they were logged."""

import json
from pathlib import Path
from typing import Any

import pytest

from runs import storage
from runs.models import Run, Series
from tests.mlflow_api.asking import (
    INVALID,
    TIME,
    get,
    log,
    new_run,
    post,
    refused,
    run,
    values,
)
from tests.runs.factories import line, make_run
from tests.runs.factories import log as log_lines
from tests.site.asking import owner

pytestmark = pytest.mark.django_db


def history(run_id: str, key: str = "loss", **wish: Any) -> list[tuple[Any, int, int]]:
    told = get("metrics/get-history", run_id=run_id, metric_key=key, **wish)["metrics"]
    return [(each["value"], each["step"], each["timestamp"]) for each in told]


def lines_of(run_id: str) -> list[dict[str, Any]]:
    path = storage.stream_path(Run.objects.get(key=run_id), 1, "metrics.jsonl")
    return [json.loads(each) for each in path.read_text().splitlines()]


def test_a_point_is_a_line_of_the_file_and_a_point_of_our_series() -> None:
    run_id = new_run()
    post("runs/log-metric", run_id=run_id, key="loss", value=0.5, timestamp=TIME + 7, step=3)
    assert lines_of(run_id) == [
        {"_timestamp": "2030-01-01T12:00:00.007000+00:00", "step": 3, "loss": 0.5}
    ]
    assert history(run_id) == [(0.5, 3, TIME + 7)]
    (series,) = owner().get(f"/api/v1/runs/{run_id}/series").json()["series"]
    assert (series["key"], series["points"]["value"]) == ("loss", [0.5])


def test_neighbours_of_one_step_share_a_line() -> None:
    run_id = new_run()
    both = [{"key": key, "value": 1, "timestamp": TIME, "step": 4} for key in ("a", "b")]
    post("runs/log-batch", run_id=run_id, metrics=[*both, {**both[0], "value": 2}])
    assert [len(each) for each in lines_of(run_id)] == [4, 3]
    assert history(run_id, "a") == [(1, 4, TIME), (2, 4, TIME)]


def test_any_order_of_steps_and_times_is_kept() -> None:
    run_id = new_run()
    told = [(5, 1.0, TIME + 9), (-3, 2.0, TIME), (2**62, 3.0, 0), (0, 4.0, -5000)]
    for step, value, at in told:
        post("runs/log-metric", run_id=run_id, key="loss", value=value, timestamp=at, step=step)
    assert history(run_id) == [(value, step, at) for step, value, at in told]
    (latest,) = run(run_id)["data"]["metrics"]
    assert (latest["value"], latest["step"]) == (4.0, 0)


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_kept_and_comes_back_as_its_word(word: str) -> None:
    run_id = new_run()
    log(run_id, "loss", 1.5, word)
    assert values(run_id, "metrics") == {"loss": word}
    assert [value for value, _, _ in history(run_id)] == [1.5, word]


def test_numbers_may_come_as_texts_and_in_camel_case() -> None:
    run_id = new_run()
    body = {"runId": run_id, "key": "loss", "value": "0.25", "timestamp": str(TIME), "step": "9"}
    post("runs/log-metric", **body)
    assert history(run_id) == [(0.25, 9, TIME)]
    assert get("metrics/get-history", run_uuid=run_id, metricKey="loss")["metrics"]


def test_a_request_that_is_repeated_stores_nothing_twice() -> None:
    run_id = new_run()
    for _ in range(3):
        log(run_id, "loss", 1, "NaN", "Infinity", 1)
    assert [value for value, _, _ in history(run_id)] == [1, "NaN", "Infinity", 1]
    assert len(lines_of(run_id)) == 4


def test_a_large_batch_that_is_repeated_stores_nothing_twice() -> None:
    run_id = new_run()
    for start in (0, 1000, 1000, 2000, 2000):
        log(run_id, "loss", *range(1000), step=start)
    assert Series.objects.get(run__key=run_id).count == 3000


def test_what_a_failed_request_had_written_is_not_written_again(data_dir: Path) -> None:
    run_id = new_run()
    path = storage.stream_path(Run.objects.get(key=run_id), 1, "metrics.jsonl")
    log(run_id, "loss", 1)
    stamp = "2030-01-01T12:00:01+00:00"
    with path.open("ab") as file:  # the file had it when the database went away
        file.write(line(_timestamp=stamp, step=7, loss=0.5))
    body = {"key": "loss", "value": 0.5, "timestamp": TIME + 1000, "step": 7}
    post("runs/log-metric", run_id=run_id, **body)
    assert [value for value, _, _ in history(run_id)] == [1, 0.5]


def test_a_line_that_was_torn_by_the_servers_death_costs_no_other_point() -> None:
    run_id = new_run()
    path = storage.stream_path(Run.objects.get(key=run_id), 1, "metrics.jsonl")
    log(run_id, "loss", 1)
    with path.open("ab") as file:
        file.write(b'{"step": 2, "lo')
    log(run_id, "loss", 3, step=3)
    assert [value for value, _, _ in history(run_id)] == [1, 3]


@pytest.mark.parametrize("key", ["step", "_idx", "_timestamp", "_step", "a/b c:d", "é", "x" * 250])
def test_every_name_comes_back(key: str) -> None:
    run_id = new_run()
    log(run_id, key, 1, 2, step=10)
    assert values(run_id, "metrics") == {key: 2}
    assert [step for _, step, _ in history(run_id, key)] == [10, 11]
    assert found_by(f"metrics.`{key}` = 2") == [run_id]


def found_by(text: str) -> list[str]:
    told = post("runs/search", experiment_ids=["0"], filter=text)["runs"]
    return [each["info"]["run_id"] for each in told]


def test_a_history_comes_in_pages() -> None:
    run_id = new_run()
    log(run_id, "loss", *range(1000))
    log(run_id, "loss", *range(700), step=1000)
    steps, token = [], ""
    while True:
        wish = {"max_results": "450"} | ({"page_token": token} if token else {})
        told = get("metrics/get-history", run_id=run_id, metric_key="loss", **wish)
        assert len(told["metrics"]) <= 450
        steps += [each["step"] for each in told["metrics"]]
        if not (token := told.get("next_page_token", "")):
            break
    assert steps == list(range(1700))


def test_a_metric_that_was_never_logged_has_no_history() -> None:
    assert history(new_run(), "none") == []


def test_the_metrics_of_a_job_are_read_from_its_newest_attempt() -> None:
    job = make_run(attempt=2)
    log_lines(job, line(loss=0.5, step=1))
    assert values(job.key, "metrics") == {"loss": 0.5}
    assert [value for value, _, _ in history(job.key)] == [0.5]


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": ""},
        {"key": None},
        {"key": "x" * 251},
        {"key": "a\nb"},
        {"key": "a\0"},
        {"key": "metrics.step"},
        {"key": 3},
        {"value": None},
        {"value": "much"},
        {"value": True},
        {"value": [1]},
        {"timestamp": None},
        {"timestamp": "now"},
        {"timestamp": 2**62},
        {"timestamp": 1.5},
        {"step": 2**63},
        {"step": "x"},
        {"step": True},
    ],
)
def test_a_point_that_cannot_be_meant_is_refused_alone_and_in_a_batch(
    wrong: dict[str, Any],
) -> None:
    run_id = new_run()
    good = {"key": "loss", "value": 1, "timestamp": TIME, "step": 1}
    assert refused("POST", "runs/log-metric", {"run_id": run_id} | good | wrong) == INVALID
    batch = {"run_id": run_id, "metrics": [good, good | wrong]}
    assert refused("POST", "runs/log-batch", batch) == INVALID
    assert history(run_id) == []


def test_a_batch_has_mlflows_limits() -> None:
    run_id = new_run()
    point = {"key": "loss", "value": 1, "timestamp": TIME}
    pair = [{"key": f"k{n}", "value": "v"} for n in range(101)]
    for body in (
        {"metrics": [point] * 1001},
        {"params": pair},
        {"tags": pair},
        {"metrics": [point] * 950, "params": pair[:51]},
    ):
        assert refused("POST", "runs/log-batch", {"run_id": run_id} | body) == INVALID

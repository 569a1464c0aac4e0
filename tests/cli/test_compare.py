"""whirr compare: runs side by side, from what the API says."""

import json
from typing import Any

import pytest

from tests.cli.command import Call
from tests.cli.fake_server import FakeServer


@pytest.fixture
def filled(server: FakeServer) -> FakeServer:
    for number, lr in ((7, 0.1), (8, 0.2)):
        config = {"lr": lr, "opt": {"name": "adam"}, "=x": f"=cmd{number}"}
        run = {"id": f"job-{number}", "name": "mlp", "status": "completed", "config": config}
        server.runs.append(run | {"summary": {}})
        server.series.append(series(f"job-{number}", "loss", number / 3))
    server.series.append(series("job-7", "loss", 99.0, writer="r1"))
    server.series.append(series("job-7", "acc", "NaN"))
    server.series.append(series("job-7", "system/gpu0/power_w", 300.0))
    return server


def series(run: str, key: str, last: Any, writer: str = "") -> dict[str, Any]:
    return {"run": run, "key": key, "writer": writer, "last": last, "min": 0.5, "max": 9.0}


def compare(quick: Call, server: FakeServer, *args: str) -> Any:
    return quick("compare", *args, WHIRR_SERVER_URL=server.url)


def test_a_table_has_what_differs_and_every_metric(quick: Call, filled: FakeServer) -> None:
    told = compare(quick, filled, "7", "job-8", "7")
    lines = dict(line.split("\t", 1) for line in told.stdout.splitlines())
    assert told.returncode == 0
    assert lines["key"] == "job-7\tjob-8"
    assert lines["config.lr"] == "0.1\t0.2"
    assert lines["loss:last"] == "2.33333\t2.66667"
    assert lines["acc:last"] == "NaN\t"
    assert not {"config.opt.name", "system/gpu0/power_w:last"} & set(lines)


def test_all_of_it_and_one_metric_alone(quick: Call, filled: FakeServer) -> None:
    assert "config.opt.name\tadam\tadam" in compare(quick, filled, "7", "8", "--all").stdout
    told = compare(quick, filled, "7", "8", "--metric", "acc").stdout
    assert "config." not in told
    assert "loss" not in told


def test_csv_keeps_all_digits_and_runs_no_formula(quick: Call, filled: FakeServer) -> None:
    told = compare(quick, filled, "7", "8", "--output", "csv").stdout
    assert f"loss:last,{7 / 3!r},{8 / 3!r}" in told
    assert "config.=x,'=cmd7,'=cmd8" in told


def test_json_has_everything(quick: Call, filled: FakeServer) -> None:
    told = json.loads(compare(quick, filled, "7", "8", "--output", "json").stdout)
    assert [run["config"]["opt"] for run in told["runs"]] == [{"name": "adam"}] * 2
    assert told["metrics"]["acc"] == [{"last": "NaN", "min": 0.5, "max": 9.0}, None]
    assert told["metrics"]["loss"][0]["last"] == 7 / 3


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        ((), 2, "missing argument"),
        (("a b",), 2, "is no run"),
        (("7", "--output", "xml"), 2, "invalid value"),
        (("7", "99"), 5, "no such thing"),
        (("7", "--metric", "gone"), 5, "they have acc, loss"),
    ],
)
def test_what_cannot_be_compared_is_said(
    args: tuple[str, ...], code: int, said: str, quick: Call, filled: FakeServer
) -> None:
    told = compare(quick, filled, *args)
    assert (told.returncode, told.stdout) == (code, "")
    assert said in told.stderr


def test_an_answer_of_something_else_is_no_comparison(quick: Call, filled: FakeServer) -> None:
    filled.series.clear()
    vars(filled)["_post"] = lambda *_: (200, ["no", "object"])
    assert compare(quick, filled, "7").returncode == 3

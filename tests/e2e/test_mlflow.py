"""MLflow's own client, as it is published, logs to our server without being told of it."""

import hashlib
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import without
from tests.e2e.programs import Site, sha256
from tests.support import mlflow_client
from tests.support.servers import Missing

pytestmark = pytest.mark.e2e

SESSION = Path(__file__).with_name("mlflow_session.py")


def session(site: Site, chapter: str, token: str = "") -> Any:
    """What the program in the other environment saw."""
    try:
        python = mlflow_client.python()
    except Missing as problem:
        without(problem)
    environment = {
        **os.environ,
        "MLFLOW_TRACKING_URI": site.url,
        "MLFLOW_TRACKING_TOKEN": token or site.secret,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "PYTHONWARNINGS": "ignore",
    }
    done = subprocess.run(
        [python, "-I", "-W", "ignore", str(SESSION), chapter],
        env=environment,
        cwd=site.folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{site.web.said()}"
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.fixture(scope="module")
def head(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("mlflow"))
    try:
        site.start_web()
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="module")
def fluent(head: Site) -> Any:
    """What a script saw that uses the fluent API."""
    return session(head, "fluent")


def assert_all_is_back(told: Any) -> None:
    seen = told["after"]
    assert (seen["status"], seen["name"]) == ("FINISHED", "first")
    assert seen["metrics"] == {"acc": "0.9", "bad": "nan", "large": "-inf", "loss": "0.05"}
    assert seen["params"] == {"deep": "True", "lr": "0.1", "opt": "adam"}
    assert seen["tags"] == {"team": "a", "note": "50 % 'more'"}
    assert Path(seen["source"]).name == "mlflow_session.py"
    assert seen["history"] == [[0.5, 1], [0.05, 2]]
    assert seen["root"] == ["conf", "empty", "files", "note.txt"]
    assert seen["deep"] == [["files/deep/weights.bin", 3_000_000]]
    assert (seen["same"], seen["empty"]) == (True, True)
    assert (seen["text"], seen["dict"]) == ("hello", {"a": [1]})
    assert seen["children"] == ["child 0", "child 1"]
    assert set(seen["experiments"]) >= {"Default", "vision/cats"}


def test_what_a_script_logs_comes_back_to_it(fluent: Any) -> None:
    assert_all_is_back(fluent)


def test_and_it_is_a_run_like_any_other_of_ours(head: Site, fluent: Any) -> None:
    run_id = fluent["run_id"]
    run = head.call("GET", f"/api/v1/runs/{run_id}").json()
    assert (run["project"], run["name"], run["status"]) == ("vision/cats", "first", "completed")
    assert run["config"] == {"lr": 0.1, "opt": "adam", "deep": True}
    assert run["tags"] == ["note=50 % 'more'", "team=a"]
    series = head.call("GET", f"/api/v1/runs/{run_id}/series").json()["series"]
    assert {each["key"]: each["last"] for each in series} == {
        "acc": 0.9,
        "bad": "NaN",
        "large": "-Infinity",
        "loss": 0.05,
    }
    lines = (head.data / "runs" / run_id / "metrics.jsonl").read_text().splitlines()
    assert len(lines) == 4
    paths = [
        each["path"]
        for each in head.call("GET", f"/api/v1/runs/{run_id}/artifacts").json()["artifacts"]
    ]
    assert paths == ["conf/a.json", "empty", "files/deep/weights.bin", "files/empty", "note.txt"]
    assert "first" in head.call("GET", f"/runs/{run_id}/").text
    assert "first" in head.call("GET", f"/compare/?runs={run_id}").text


def test_a_client_searches_pages_deletes_and_is_refused_in_its_own_words(head: Site) -> None:
    told = session(head, "client")
    assert told["experiment"] == {"k": "v"}
    assert told["and"] == ["r2"]
    assert told["like"] == ["r4", "r3", "r2", "r1"]
    assert told["points"] == 1000
    assert told["pages"] == [2, 2, 1]
    assert (told["deleted"], told["restored"], told["gone"]) == (["deleted", 4], 5, 0)
    assert told["refused"] == {
        "param": "INVALID_PARAMETER_VALUE",
        "run": "RESOURCE_DOES_NOT_EXIST",
        "experiment": "RESOURCE_ALREADY_EXISTS",
        "filter": "INVALID_PARAMETER_VALUE",
        "registry": "NOT_IMPLEMENTED",
    }


def test_autologging_and_models_of_scikit_learn_work(head: Site) -> None:
    told = session(head, "autolog")
    assert told["params"]["max_iter"] == "300"
    assert "training_accuracy_score" in told["metrics"]
    assert (told["datasets"], told["models"], told["same"]) == (["dataset"], 1, True)
    files = head.call("GET", f"/api/v1/runs/{told['run_id']}/artifacts").json()["artifacts"]
    assert any(each["path"].endswith("/MLmodel") for each in files)


def test_a_token_that_is_none_is_told_so(head: Site) -> None:
    assert session(head, "nobody", token="wrong") == {"refused": "UNAUTHENTICATED"}


def peak_memory(pid: int) -> int:
    """Bytes that a process has had in memory at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = (each for each in status.splitlines() if each.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def test_a_large_file_passes_through_without_being_held_in_memory(head: Site) -> None:
    """Neither one that is kept, nor one that somebody sends who may not."""
    size = 128 * 1024 * 1024
    path = head.folder / "large"
    with path.open("wb") as file:
        file.truncate(size)
    run = head.call("POST", "/api/2.0/mlflow/runs/create", json={}).json()["run"]
    address = f"/api/2.0/mlflow-artifacts/artifacts/runs/{run['info']['run_id']}/large"
    before = peak_memory(head.web.pid)
    with path.open("rb") as file:
        assert head.client.put(address, content=file).status_code == 401
    with path.open("rb") as file:
        head.call("PUT", address, content=file)
    digest = hashlib.sha256()
    headers = {"Authorization": f"Bearer {head.secret}"}
    with head.client.stream("GET", address, headers=headers) as answer:
        for part in answer.iter_bytes():
            digest.update(part)
    assert digest.hexdigest() == sha256(path)
    assert peak_memory(head.web.pid) - before < size / 2


@pytest.mark.postgres
def test_the_same_holds_on_postgresql_and_redis(
    tmp_path: Path, postgres_url: str, redis_url: str
) -> None:
    site = Site(
        tmp_path, WHIRR_MODE="server", WHIRR_DATABASE_URL=postgres_url, WHIRR_REDIS_URL=redis_url
    )
    try:
        site.start_web()
        assert_all_is_back(session(site, "fluent"))
    finally:
        site.stop()

"""Whatever is wrong with a request, the answer has MLflow's shape and is no failure of the server."""

from typing import Any

import pytest
from django.test import Client

from mlflow_api.api.body import Body
from mlflow_api.api.urls import READING, WRITING
from tests.mlflow_api.asking import V2, answer, new_experiment, new_run, refused
from tests.runs.factories import make_run
from tests.site.asking import job_of, owner
from whirr_site.access import principals

pytestmark = pytest.mark.django_db

POSTS = [*WRITING, "experiments/search", "runs/search", "logged-models", "logged-models/search"]
PATCHES = ["logged-models/m-1", "logged-models/m-1/tags"]
NEED_NOTHING = {"runs/create", "experiments/search", "runs/search", "logged-models/search"}
JUNK: list[Any] = [None, -1.5, True, [], {}, [{}], "x", "\0", "\ud800", 10**400]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b'"x"', b"null", b"\xff", b"[" * 99_999])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    for name in POSTS:
        told = answer("POST", name, body)
        if not body and name in NEED_NOTHING:
            assert told.status_code == 200, name
        else:
            assert told.status_code == 400, name
            assert told.json()["error_code"] in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE")


def fields_of(name: str, sane: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The fields that a call looks at."""
    read: dict[str, None] = {}
    before = Body.raw

    def raw(body: Body, field: str) -> Any:
        read[field] = None
        return before(body, field)

    with monkeypatch.context() as patch:
        patch.setattr(Body, "raw", raw)
        answer("GET" if name in READING else "POST", name, sane)
    assert read
    return list(read)


@pytest.mark.parametrize("name", [*POSTS, *READING])
def test_no_value_in_any_field_is_a_failure_of_the_server(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment_id, run_id = new_experiment(), new_run()
    sane: dict[str, Any] = {
        "run_id": run_id,
        "experiment_id": experiment_id,
        "key": "k",
        "value": "1",
    }
    sane |= {"metric_key": "k", "timestamp": 1, "new_name": "x", "model_json": "{}"}
    junk = [each for each in JUNK if name not in READING or isinstance(each, (str, int))]
    for field in fields_of(name, sane, monkeypatch):
        for each in junk:
            if name in READING and each == "\ud800":
                continue  # cannot be said in a query
            told = answer("GET" if name in READING else "POST", name, sane | {field: each})
            assert told.status_code in (200, 400, 404), (field, each, told.content)
            assert told.status_code == 200 or told.json()["error_code"], (field, each)


@pytest.mark.parametrize("name", [*WRITING, *READING])
def test_nothing_known_is_asked_of_every_call(name: str) -> None:
    method = "GET" if name in READING else "POST"
    told: dict[str, Any] = {
        "run_id": "none",
        "experiment_id": "999",
        "experiment_name": "none",
        "key": "k",
    }
    told |= {"value": "1", "timestamp": 1, "new_name": "x", "metric_key": "k", "name": "\n"}
    status, code = refused(method, name, told)
    assert status in (400, 404)
    assert code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("name", [*PATCHES, "logged-models/m-1/params"])
def test_a_model_that_is_not_there_is_missing(name: str) -> None:
    method = "PATCH" if name in PATCHES else "POST"
    assert refused(method, name, {"status": 2}) == (404, "RESOURCE_DOES_NOT_EXIST")


@pytest.mark.parametrize(
    ("method", "name", "status", "code"),
    [
        ("POST", "registered-models/create", 501, "NOT_IMPLEMENTED"),
        ("GET", "registered-models/get", 501, "NOT_IMPLEMENTED"),
        ("POST", "model-versions/create", 501, "NOT_IMPLEMENTED"),
        ("POST", "traces", 501, "NOT_IMPLEMENTED"),
        ("POST", "traces/search", 501, "NOT_IMPLEMENTED"),
        ("GET", "metrics/get-history-bulk-interval", 501, "NOT_IMPLEMENTED"),
        ("GET", "nothing/like/it", 404, "ENDPOINT_NOT_FOUND"),
        ("GET", "runs/create", 405, "ENDPOINT_NOT_FOUND"),
    ],
)
def test_what_there_is_not_is_said(method: str, name: str, status: int, code: str) -> None:
    assert refused(method, name) == (status, code)


def test_newer_calls_of_mlflow_are_refused_likewise() -> None:
    told = owner().post("/api/3.0/mlflow/traces", {}, content_type="application/json")
    assert (told.status_code, told.json()["error_code"]) == (501, "NOT_IMPLEMENTED")


def test_a_body_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow_api.api.calls.LARGEST", 100)
    assert refused("POST", "runs/create", {"x": "y" * 100}) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("header", ["", "Bearer nobody", "Basic b3duZXI6eA=="])
def test_nobody_is_told_so_in_mlflows_words(header: str) -> None:
    client = Client(headers={"authorization": header} if header else {})
    told = client.get(f"{V2}/runs/get?run_id=x")
    assert told.status_code == 401
    assert told.json()["error_code"] == "UNAUTHENTICATED"
    assert "Bearer" in told.json()["message"]
    assert told["WWW-Authenticate"] == "Bearer"


def test_a_jobs_own_token_is_not_for_these_calls() -> None:
    told = job_of("job-1").get(f"{V2}/runs/get?run_id=job-1")
    assert (told.status_code, told.json()["error_code"]) == (403, "PERMISSION_DENIED")


def test_a_token_that_may_only_read_reads_and_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = principals.Principal("reader", frozenset({"read"}))
    monkeypatch.setattr(principals, "of_header", lambda _header: reader)
    run_id = make_run().key
    assert answer("GET", "runs/get", {"run_id": run_id}).status_code == 200
    assert answer("POST", "runs/search", {"experiment_ids": ["0"]}).status_code == 200
    assert answer("POST", "experiments/search").status_code == 200
    denied = (403, "PERMISSION_DENIED")
    assert refused("POST", "runs/set-tag", {"run_id": run_id, "key": "a"}) == denied
    assert refused("POST", "experiments/create", {"name": "x"}) == denied


def test_errors_elsewhere_keep_the_shape_of_the_site() -> None:
    assert "error_code" not in owner().get("/api/v1/runs/none").json()


def test_the_servers_version_and_abilities_are_told() -> None:
    assert owner().get("/version").content == b"3.0.0"
    assert owner().get("/api/3.0/mlflow/server-info").json()["workspaces_enabled"] is False

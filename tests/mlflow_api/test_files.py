"""Artifacts through the proxy: kept, listed, handed out, deleted; and no name leads anywhere else."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.test import RequestFactory

from mlflow_api import files
from mlflow_api.api.file_calls import FileView
from runs.models import Artifact
from tests.mlflow_api.asking import FILES, get, new_run, refused
from tests.runs.factories import NOON, make_direct_run, make_run
from tests.site.asking import bearer, owner
from whirr_site.access.principals import EVERYBODY, startup_secret

pytestmark = pytest.mark.django_db

# What must never be a place: parents, absolute paths, other systems' separators, control characters.
TRAVERSAL = [
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "./x",
    "a/./b",
    "/etc/passwd",
    "//etc/passwd",
    "a//b",
    "a/",
    "..\\x",
    "a\\..\\x",
    "C:\\x",
    "\\\\host\\share",
    "x\n",
    "a\r/b",
    "\x7f",
    " ",
    "a/ /b",
    "...",
    "x" * 201,
    "a/" * 16 + "b",
    "x/" * 300,
]
ENCODED = [
    "%2e%2e/x",
    "%2e%2e%2fx",
    "..%2fx",
    "a/%2e%2e/%2e%2e/x",
    "%5c..%5cx",
    "x%0a",
]


def put(run_id: str, name: str, data: bytes) -> Any:
    return owner().put(f"{FILES}/runs/{run_id}/{name}", data, "application/octet-stream")


def fetch(run_id: str, name: str) -> Any:
    return owner().get(f"{FILES}/runs/{run_id}/{name}")


def delete(run_id: str, name: str) -> int:
    return int(owner().delete(f"{FILES}/runs/{run_id}/{name}").status_code)


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def blobs() -> list[Path]:
    return [path for path in Path(settings.BLOBS_DIR).rglob("*") if path.is_file()]


def listed(run_id: str, path: str = "") -> list[tuple[str, bool, int | None]]:
    told = get("artifacts/list", run_id=run_id, **({"path": path} if path else {}))["files"]
    return [(each["path"], each["is_dir"], each.get("file_size")) for each in told]


def test_a_file_comes_back_as_it_was_and_is_an_artifact_of_the_run() -> None:
    run_id, data = new_run(), bytes(range(256)) * 20_000  # several parts
    assert put(run_id, "model/weights.bin", data).status_code == 200
    answer = fetch(run_id, "model/weights.bin")
    assert body(answer) == data
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    (shown,) = owner().get(f"/api/v1/runs/{run_id}/artifacts").json()["artifacts"]
    assert (shown["path"], shown["size"]) == ("model/weights.bin", len(data))
    assert [path.stat().st_mode & 0o777 for path in blobs()] == [0o600]


def test_the_same_name_again_is_another_file_and_the_old_one_is_gone(
    django_capture_on_commit_callbacks: Any,
) -> None:
    run_id = new_run()
    put(run_id, "note.txt", b"first")
    with django_capture_on_commit_callbacks(execute=True):
        put(run_id, "note.txt", b"other")
    assert body(fetch(run_id, "note.txt")) == b"other"
    assert len(blobs()) == 1
    assert Artifact.objects.count() == 1


def test_an_empty_file_is_one() -> None:
    run_id = new_run()
    put(run_id, "empty", b"")
    assert listed(run_id) == [("empty", False, 0)]
    assert body(fetch(run_id, "empty")) == b""


def upload(run_id: str, data: bytes, **headers: Any) -> int:
    """A PUT whose headers say what the test wants of its length."""
    made = RequestFactory().put(f"{FILES}/runs/{run_id}/x", data, "application/octet-stream")
    environ = {name: value for name, value in made.environ.items() if name != "CONTENT_LENGTH"}
    request = WSGIRequest(environ | {"wsgi.input": io.BytesIO(data)} | headers)
    request.principal = EVERYBODY  # type: ignore[attr-defined]
    request.META["HTTP_AUTHORIZATION"] = bearer(startup_secret())["authorization"]
    return int(FileView.as_view()(request, path=f"runs/{run_id}/x").status_code)


def test_a_body_without_a_length_is_kept_whole() -> None:
    run_id = new_run()
    assert upload(run_id, b"streamed", HTTP_TRANSFER_ENCODING="chunked") == 200
    assert body(fetch(run_id, "x")) == b"streamed"


def test_an_upload_that_breaks_off_leaves_nothing() -> None:
    run_id = new_run()
    put(run_id, "x", b"as it was")
    assert upload(run_id, b"half", CONTENT_LENGTH="8") == 400
    assert body(fetch(run_id, "x")) == b"as it was"
    assert len(blobs()) == 1


def test_a_folder_is_listed_level_by_level() -> None:
    run_id = new_run()
    for name in ("a.txt", "dir/b.txt", "dir/deep/c.txt", "Dir/d.txt", "dirx"):
        put(run_id, name, b"12")
    assert listed(run_id) == [
        ("Dir", True, None),
        ("a.txt", False, 2),
        ("dir", True, None),
        ("dirx", False, 2),
    ]
    assert listed(run_id, "dir") == [("dir/b.txt", False, 2), ("dir/deep", True, None)]
    assert listed(run_id, "a.txt") == listed(run_id, "none") == []
    told = owner().get(FILES, {"path": f"runs/{run_id}/dir"}).json()["files"]
    assert [each["path"] for each in told] == ["b.txt", "deep"]


def test_files_and_folders_are_deleted(django_capture_on_commit_callbacks: Any) -> None:
    run_id = new_run()
    for name in ("a", "dir/b", "dir/deep/c", "dirx"):
        put(run_id, name, b"1")
    with django_capture_on_commit_callbacks(execute=True):
        assert delete(run_id, "dir") == 200
        assert delete(run_id, "a") == 200
    assert listed(run_id) == [("dirx", False, 1)]
    assert len(blobs()) == 1
    assert delete(run_id, "dir") == 404
    assert fetch(run_id, "dir/b").status_code == 404


def test_files_of_whirrs_own_runs_are_read_and_nothing_is_put_there() -> None:
    for run in (make_run(), make_direct_run()):
        Artifact.objects.create(run=run, attempt=1, path="a", size=0, modified_at=NOON)
        assert listed(run.key) == [("a", False, 0)]
        assert put(run.key, "b", b"x").status_code == 400
        assert delete(run.key, "a") == 400
    assert blobs() == []


@pytest.mark.parametrize("name", TRAVERSAL)
def test_a_name_that_leads_elsewhere_is_refused_everywhere(name: str) -> None:
    run_id = new_run()
    for call in (files.place_of, lambda address: files.checked(address.partition("/runs/")[2])):
        with pytest.raises(Exception, match=r"artifact|path"):
            call(f"runs/{run_id}/{name}" if call is files.place_of else f"x/runs/{name}")
    assert refused("GET", "artifacts/list", {"run_id": run_id, "path": name})[0] == 400
    answer = owner().get(FILES, {"path": f"runs/{run_id}/{name}"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_an_encoded_name_that_leads_elsewhere_is_refused(name: str, method: str) -> None:
    run_id = new_run()
    answer = owner().generic(method, f"{FILES}/runs/{run_id}/{name}", b"x")
    assert answer.status_code in (400, 404)
    assert blobs() == []


def test_a_name_is_decoded_once() -> None:
    run_id = new_run()
    assert put(run_id, "a%252e%252e%252fb", b"x").status_code == 200
    assert put(run_id, "%c0%ae%c0%ae", b"x").status_code == 200  # no UTF-8: it stays as it is
    assert listed(run_id) == [("%C0%AE%C0%AE", False, 1), ("a%2e%2e%2fb", False, 1)]


@pytest.mark.parametrize(
    "path", ["", "x", "runs", "runs/", "other/a/b", "runs/none", "runs/none/a"]
)
def test_an_address_without_a_run_is_refused(path: str) -> None:
    for answer in (
        owner().get(FILES, {"path": path}),
        owner().put(f"{FILES}/{path}", b"x", "text/plain"),
        owner().delete(f"{FILES}/{path}"),
    ):
        assert answer.status_code in (400, 404, 405, 501)
        assert answer.json()["error_code"]


def test_a_run_needs_a_name_for_its_file() -> None:
    run_id = new_run()
    assert owner().put(f"{FILES}/runs/{run_id}", b"x", "text/plain").status_code == 400
    assert owner().get(f"{FILES}/runs/{run_id}").status_code == 404

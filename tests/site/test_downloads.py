"""The agent is handed out to whoever asks, whole, and with what it takes to check it."""

import hashlib
import io
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.test import Client

from tests.site.asking import bearer, owner
from whirr_site import agent_file
from whirr_site.access.principals import startup_secret

ROOT = Path(__file__).resolve().parents[2]
AGENT, CHECKSUM = "/download/whirr-worker", "/download/whirr-worker.sha256"

pytestmark = pytest.mark.django_db


def test_nobody_in_particular_gets_the_bytes_that_make_agent_builds(tmp_path: Path) -> None:
    built = tmp_path / "whirr-worker.pyz"
    script = ROOT / "scripts" / "build_agent.py"
    subprocess.run([sys.executable, str(script), str(built)], check=True, capture_output=True)

    answer = Client().get(AGENT)

    assert (answer.status_code, answer.content) == (200, built.read_bytes())
    assert answer["content-disposition"] == 'attachment; filename="whirr-worker"'
    assert answer["content-type"] == "application/octet-stream"
    assert answer["x-content-type-options"] == "nosniff"


def test_the_checksum_is_that_of_the_file_in_every_place_where_it_stands() -> None:
    answer, told = Client().get(AGENT), Client().get(CHECKSUM)

    digest = hashlib.sha256(answer.content).hexdigest()
    assert told.content.decode() == f"{digest}  whirr-worker\n"
    assert told["content-type"].startswith("text/plain")
    assert answer["etag"] == f'"{digest}"'
    assert answer["x-checksum-sha256"] == told["x-checksum-sha256"] == digest


def test_sha256sum_accepts_it_and_notices_a_changed_byte(tmp_path: Path) -> None:
    content = Client().get(AGENT).content
    (tmp_path / "whirr-worker.sha256").write_bytes(Client().get(CHECKSUM).content)

    def check(held: bytes) -> int:
        (tmp_path / "whirr-worker").write_bytes(held)
        command = ["sha256sum", "-c", "whirr-worker.sha256"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode

    assert check(content) == 0
    assert check(content[:-1] + b"x") != 0


def test_head_tells_size_and_checksum_without_the_file() -> None:
    whole, head = Client().get(AGENT), Client().head(AGENT)

    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-length", "etag", "x-checksum-sha256", "content-disposition"):
        assert head[name] == whole[name]
    assert Client().head(CHECKSUM).status_code == 200


def test_who_has_it_already_is_told_so() -> None:
    etag = Client().get(AGENT)["etag"]

    for known in (etag, f'"other", {etag}', f"W/{etag}", "*"):
        answer = Client().get(AGENT, headers={"if-none-match": known})
        assert (answer.status_code, answer.content) == (304, b""), known
        assert answer["etag"] == etag
    for unknown in ('"other"', "", "nonsense", etag.strip('"')):
        assert Client().get(AGENT, headers={"if-none-match": unknown}).status_code == 200, unknown


@pytest.mark.parametrize("path", [AGENT, CHECKSUM])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_it_can_only_be_read(path: str, method: str) -> None:
    answer = owner().generic(method, path)

    assert answer.status_code == 405
    assert answer["allow"] == "GET, HEAD"


@pytest.mark.parametrize(
    "path",
    [
        "/download/",
        "/download/other",
        "/download/whirr-worker/",
        "/download/whirr-worker.sha512",
        "/download/whirr-worker/../../secret",
        "/download/..%2fsecret",
    ],
)
def test_nothing_else_is_behind_that_address(path: str) -> None:
    assert Client().get(path).status_code == 302  # to the door, as for every address
    assert owner().get(path).status_code == 404


def test_a_token_that_names_nobody_makes_no_difference() -> None:
    assert Client(headers=bearer("wrong")).get(AGENT).status_code == 200


def test_it_holds_no_secret_and_nothing_of_the_server() -> None:
    content = Client().get(AGENT).content

    assert startup_secret().encode() not in content
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()
    assert {name.split("/")[0] for name in names} == {"__main__.py", "whirr", "worker_agent"}
    assert not [name for name in names if not name.endswith(".py")]


def test_it_is_packed_once() -> None:
    assert agent_file.installed() is agent_file.installed()


def test_a_server_without_the_agents_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_file, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="worker_agent"):
        agent_file.installed.__wrapped__()

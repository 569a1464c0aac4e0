"""What a person gets wrong is said at once: what it is, where it stands, and what would be right."""

import http.server
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.conftest import INSTALLED, ROOT, Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for

NOBODY = "http://127.0.0.1:1"


def told(*options: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A start that does not get far."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("WHIRR_")}
    return subprocess.run(
        [*INSTALLED, *options],
        cwd=ROOT,
        env={**clean, **env},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


@pytest.mark.parametrize(
    ("options", "env", "words"),
    [
        ([], {}, ["which server?", "--server http://HOST:PORT", "WHIRR_SERVER_URL"]),
        (["-s", NOBODY], {}, ["where to write runs?", "--data-dir", "WHIRR_DATA_DIR"]),
        (["-s", "gpu-head:8080", "-d", "x"], {}, ["'gpu-head:8080'", "http://HOST:PORT"]),
        (["-s", "ftp://gpu-head", "-d", "x"], {}, ["ftp://gpu-head", "http://HOST:PORT"]),
        (["-s", "http://x:99999", "-d", "x"], {}, ["the port", "0 to 65535"]),
        (["-s", "http://u:p@x", "-d", "x"], {}, ["no user"]),
        (["--bandwidth", "-1"], {}, ["--bandwidth", "a number from 1"]),
        (["--lease-seconds", "5"], {}, ["--lease-seconds '5'", "10 to 600"]),
        (["--lease-seconds", "nan"], {}, ["--lease-seconds 'nan'", "10 to 600"]),
        (["--poll-interval", "often"], {}, ["--poll-interval 'often'", "0.1 to 3600"]),
        (["--slots", "0"], {}, ["--slots '0'", "1 to 10000"]),
        (["--gpu", "first"], {}, ["--gpu 'first'", "numbers with commas, or all"]),
        (["--on-stop", "never"], {}, ["--on-stop", "finish", "requeue"]),
        (["--speed", "9"], {}, ["--speed", "--help"]),
        (["--name", "../x"], {}, ["--name (or WORKER_ID) '../x'", "letters, digits"]),
        ([], {"WORKER_ID": "a b"}, ["WORKER_ID) 'a b'", "letters, digits"]),
        ([], {"LOG_LEVEL": "loud"}, ["LOG_LEVEL) 'loud'", "DEBUG, INFO"]),
        ([], {"HEARTBEAT_INTERVAL_SEC": "x"}, ["HEARTBEAT_INTERVAL_SEC) 'x'", "1 to 3600"]),
        (
            [],
            {"WORKER_NETWORK_BANDWIDTH_BYTES_PER_SEC": "10MB"},
            ["WORKER_NETWORK_BANDWIDTH_BYTES_PER_SEC) '10MB'", "a number"],
        ),
        (["--token-file", "/no/such"], {}, ["--token-file /no/such", "No such file"]),
        (["--token-file", "/dev/null"], {}, ["--token-file /dev/null", "empty"]),
        ([], {"WHIRR_TOKEN": "two words"}, ["WHIRR_TOKEN", "one word"]),
    ],
)
def test_it_is_refused_with_what_would_be_right(
    options: list[str], env: dict[str, str], words: list[str], tmp_path: Path
) -> None:
    whole = "-s" in options or not (options or env)
    place = () if whole else ("-s", NOBODY, "-d", str(tmp_path))
    answer = told(*place, *options, **env)
    assert answer.returncode == 2
    assert not [word for word in words if word not in answer.stderr], answer.stderr
    assert len(answer.stderr.splitlines()) <= 2, "the reason drowns"
    assert "two words" not in answer.stderr


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/dev/null"])
def test_a_data_folder_that_cannot_be_used_may_only_not_be_mounted_yet(folder: str) -> None:
    """So it is said at once, and by an exit code after which a unit tries again."""
    answer = told("-s", NOBODY, "-d", folder)
    assert answer.returncode == 75
    assert f"cannot use {folder}" in answer.stderr
    assert "--data-dir names a folder that this user may write to" in answer.stderr
    assert len(answer.stderr.splitlines()) == 1


def test_a_token_in_the_command_line_is_warned_about(server: FakeServer, tmp_path: Path) -> None:
    server.refuse_registration = (401, {"detail": "unknown token", "code": "not_authenticated"})
    answer = told("-s", server.url, "-d", str(tmp_path), "--token", "hunter2")
    assert "other users of this machine can read" in answer.stderr
    assert "WHIRR_TOKEN" in answer.stderr
    assert "hunter2" not in answer.stderr
    assert "warning" not in told("-s", server.url, "-d", str(tmp_path), WHIRR_TOKEN="x").stderr


def test_a_token_that_the_server_does_not_know_ends_the_start(
    server: FakeServer, tmp_path: Path
) -> None:
    server.refuse_registration = (401, {"detail": "unknown token", "code": "not_authenticated"})
    answer = told("-s", server.url, "-d", str(tmp_path), "--name", "n", WHIRR_TOKEN="wrong")
    assert answer.returncode == 1
    log = (tmp_path / "agent" / "n" / "worker.log").read_text()
    for place in (answer.stderr, log):
        assert "the server refuses this agent: unknown token" in place


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A web server that is none of ours."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b"<html>It works!</html>"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


def certificate(folder: Path) -> Path:
    """One that nobody vouches for."""
    both = folder / "both.pem"
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost -batch"
    paths = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*make.split(), *paths], check=True, capture_output=True)
    both.write_text((folder / "key.pem").read_text() + (folder / "cert.pem").read_text())
    return both


class Web(http.server.ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Clients that hang up are what these tests are about."""


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Addresses where there is something else than whirr, or nothing."""
    plain, secret = (Web(("127.0.0.1", 0), Elsewhere) for _ in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    secret.socket = context.wrap_socket(secret.socket, server_side=True)
    for server in (plain, secret):
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield {
        "another web server": f"http://127.0.0.1:{plain.server_port}",
        "no TLS": f"https://127.0.0.1:{plain.server_port}",
        "an unknown certificate": f"https://127.0.0.1:{secret.server_port}",
        "TLS, not asked for": f"http://127.0.0.1:{secret.server_port}",
        "nobody": NOBODY,
        "no such host": "http://no-such-host.invalid",
    }
    for server in (plain, secret):
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("another web server", "no whirr answers like this: is the address right?"),
        ("no TLS", "is it http:// and not https://?"),
        ("an unknown certificate", "SSL_CERT_FILE"),
        ("TLS, not asked for", "does it want https://"),
        ("nobody", "is the server running there, and is the port right?"),
        ("no such host", "is the name of the host right?"),
    ],
)
def test_the_first_contact_says_what_to_look_at(
    start: Start, elsewhere: dict[str, str], where: str, words: str
) -> None:
    """It goes on trying all the same: the server may only be a little later than its agents."""
    agent = start("--server", elsewhere[where])
    wait_for(lambda: "cannot reach the server" in agent.log, "not a word")
    assert words in agent.log
    assert agent.process.poll() is None


def test_a_job_whose_folder_is_not_there_says_so_to_its_owner(
    server: FakeServer, start: Start
) -> None:
    agent = start()
    told = server.outcome(server.submit("true", workdir="/no/such/folder"))
    assert told["outcome"] == "never_started"
    for place in (told["error_message"], agent.log):
        assert "the working directory /no/such/folder does not exist on" in place


def test_a_data_folder_that_cannot_be_written_any_more_says_so_to_the_jobs_owner(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    agent = start()
    assert server.is_registered()
    (tmp_path / "data" / "runs").write_text("in the way")
    told = server.outcome(server.submit("true"))
    assert told["outcome"] == "never_started"
    for place in (told["error_message"], agent.log):
        assert str(tmp_path / "data" / "runs") in place


def test_help_names_every_option_and_every_variable() -> None:
    said = subprocess.run(
        [sys.executable, "-m", "worker_agent", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    options = "server data-dir gpu poll-interval heartbeat-interval lease-seconds token token-file name tags"
    more = "log-level bandwidth keep-free slots once on-stop gpu-ids"
    variables = "WHIRR_SERVER_URL WHIRR_DATA_DIR WHIRR_TOKEN WORKER_ID WORKER_TAGS LOG_LEVEL"
    others = "HEARTBEAT_INTERVAL_SEC WORKER_NETWORK_BANDWIDTH_BYTES_PER_SEC"
    wanted = [f"--{each}" for each in f"{options} {more}".split()]
    assert not [each for each in [*wanted, *f"{variables} {others}".split()] if each not in said]

"""Default deny, checked on every address that the site really has: nobody is let in, and a run's token hardly."""

import pytest
from django.test import Client
from django.urls import resolve

from tests.runs.factories import make_run
from tests.site.asking import job_of, owner
from tests.site.routes import METHODS, addresses
from whirr_site.access.middleware import OPEN_PATHS
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db

# The agent is a public program without a secret, and a machine that fetches it has no session yet.
DOWNLOADS = {"/download/whirr-worker", "/download/whirr-worker.sha256"}
OPEN = {"/health", "/enter", "/favicon.ico"} | DOWNLOADS
ALL = addresses()


def test_the_walk_finds_the_site() -> None:
    """A walk that finds nothing would pass every other test here."""
    assert len(ALL) > 60
    assert {"/", "/health", "/api/v1/jobs", "/api/v1/jobs/1/cancel", "/admin/jobs/job/"} <= set(ALL)
    assert {"/api/v1/runs/job-1/attempts/1/streams/job-1", "/workers/1/drain"} <= set(ALL)
    for address in ALL:
        resolve(address)


def test_the_list_of_open_addresses_is_this_short() -> None:
    assert OPEN_PATHS == OPEN


@pytest.mark.parametrize("method", METHODS)
def test_nobody_is_let_in_anywhere(method: str) -> None:
    client = Client()
    for address in sorted(set(ALL) - OPEN):
        answer = client.generic(method, address)
        where = f"{method} {address}: {answer.status_code}"
        if answer.status_code == 302:
            assert answer["location"].startswith("/enter?next="), where
            assert method in ("GET", "HEAD"), where
        else:
            assert answer.status_code == 401, where
            assert method == "HEAD" or answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "address",
    [
        "/static/../api/v1/jobs",
        "/static/%2e%2e/api/v1/jobs",
        "//api/v1/jobs",
        "/API/v1/jobs",
        "/health/",
        "/health/../api/v1/jobs",
        "/enter/x",
        "/api/v1/jobs/",
        "/api/v1/jobs;/health",
        "/nothing-here",
    ],
)
def test_nobody_gets_past_with_an_odd_spelling(address: str) -> None:
    answer = Client().get(address)
    assert answer.status_code in (301, 302, 401, 404)
    if answer.status_code in (301, 302):
        assert answer["location"].startswith(("/enter", "/health", "/api/v1/jobs", "/nothing"))
    assert b"command_argv" not in answer.content


def test_a_method_override_overrides_nothing() -> None:
    answer = Client().get("/api/v1/jobs", headers={"x-http-method-override": "POST"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "Basic b3duZXI6", "Bearer wr_x", "Bearer \xff", "x" * 9000],
)
def test_a_header_that_names_nobody_lets_nobody_in(header: str) -> None:
    assert Client().get("/api/v1/jobs", headers={"authorization": header}).status_code == 401


def test_a_token_in_the_address_is_not_read() -> None:
    secret = startup_secret()
    for query in (f"token={secret}", f"secret={secret}", f"access_token={secret}"):
        assert Client().get(f"/api/v1/jobs?{query}").status_code == 401


class TestARunsToken:
    """It may write to its own attempt and read its own run; the rest of the site does not exist for it."""

    READ = ("", "/metrics", "/series", "/log", "/artifacts")

    def test_it_reads_its_own_run(self) -> None:
        run = make_run()
        for part in self.READ:
            assert job_of(run.key).get(f"/api/v1/runs/{run.key}{part}").status_code == 200

    def test_it_reads_no_other_run(self) -> None:
        mine, other = make_run(), make_run()
        for part in self.READ:
            assert job_of(mine.key).get(f"/api/v1/runs/{other.key}{part}").status_code == 403

    def test_it_writes_to_its_own_attempt_alone(self) -> None:
        mine, other = make_run(), make_run()
        for run, attempt, status in ((mine, 1, 200), (mine, 2, 403), (other, 1, 403)):
            path = f"/api/v1/runs/{run.key}/attempts/{attempt}/streams/output.log?offset=0"
            assert job_of(mine.key).put(path, b"x").status_code == status

    @pytest.mark.parametrize("method", METHODS)
    def test_everything_else_is_refused(self, method: str) -> None:
        client = job_of("job-987654321")
        for address in sorted(set(ALL) - OPEN):
            answer = client.generic(method, address, "{}", content_type="application/json")
            described = (
                200 if method == "OPTIONS" else 405
            )  # what a call takes, and nothing of a run
            assert answer.status_code in (403, 405, described), f"{method} {address}"
            if answer.status_code != 403:
                assert address.startswith("/api/v1/runs/"), address

    @pytest.mark.parametrize("tamper", ["x", "", "wr_", "wr_a:b:c"])
    def test_a_forged_one_is_nobody(self, tamper: str) -> None:
        run = make_run()
        token = job_of(run.key).defaults["HTTP_AUTHORIZATION"] + tamper if tamper == "x" else tamper
        answer = Client(headers={"authorization": token}).get(f"/api/v1/runs/{run.key}")
        assert answer.status_code in (401,)

    def test_it_does_not_outlive_a_change_of_the_servers_key(self, settings: object) -> None:
        run = make_run()
        client = job_of(run.key)
        settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
        assert client.get(f"/api/v1/runs/{run.key}").status_code == 401


def test_the_owner_is_let_in() -> None:
    """Otherwise a site that refuses everybody would pass."""
    for address in ("/", "/api/v1/jobs", "/api/schema/", "/api/docs/", "/runs/", "/workers/"):
        assert owner().get(address).status_code == 200, address

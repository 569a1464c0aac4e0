"""The page of workers: how to add a machine, and what it says of agents of another version."""

import subprocess
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dashboard import machines
from tests.jobs.factories import make_worker, sync
from whirr_site.access.principals import startup_secret

ADDRESS = "http://testserver"
FETCH = f"curl -fsSLO {ADDRESS}/download/whirr-worker"


def page(browser: Client, **options: str) -> str:
    answer = browser.get("/workers/", headers=options)
    assert answer.status_code == 200
    return answer.content.decode()


class TestAddingAMachine:
    def test_an_empty_server_shows_the_lines_at_once(self, browser: Client) -> None:
        shown = page(browser)
        assert 'id="add-a-machine" open' in shown
        assert FETCH in shown
        assert f"./whirr-worker -s {ADDRESS} -d ~/whirr-data -g all --token-file" in shown
        assert f"whirr worker install-service -s {ADDRESS} -g all" in shown

    def test_where_there_are_workers_they_are_a_click_away(self, browser: Client) -> None:
        make_worker()
        shown = page(browser)
        assert 'id="add-a-machine">' in shown
        assert FETCH in shown

    def test_no_token_stands_there(self, browser: Client) -> None:
        assert startup_secret() not in page(browser)

    def test_the_overview_leads_to_them(self, browser: Client) -> None:
        assert "/workers/#add-a-machine" in browser.get("/").content.decode()

    def test_a_server_that_asks_for_no_token_asks_for_none_here(
        self, browser: Client, settings: Settings
    ) -> None:
        settings.WHIRR_AUTH = "none"
        assert "token-file" not in page(browser)

    @pytest.mark.parametrize(
        ("host", "is_local"),
        [("127.0.0.1:8080", True), ("localhost", True), ("[::1]:8080", True), ("gpu-head", False)],
    )
    def test_an_address_that_no_other_machine_reaches_is_named(
        self, browser: Client, settings: Settings, host: str, is_local: bool
    ) -> None:
        settings.ALLOWED_HOSTS = ["*"]
        shown = page(browser, host=host)
        assert f"http://{host}/download/whirr-worker" in shown
        assert ("address of this machine alone" in shown) is is_local

    def test_behind_a_proxy_that_ends_tls_the_address_is_the_trusted_one(
        self, browser: Client, settings: Settings
    ) -> None:
        settings.CSRF_TRUSTED_ORIGINS = ["https://testserver"]
        assert "curl -fsSLO https://testserver/download/whirr-worker" in page(browser)

    @pytest.mark.parametrize("host", ["[::1]:8080", "gpu-head:8080"])
    def test_a_shell_reads_the_lines_as_they_are_meant(self, host: str, tmp_path: Path) -> None:
        server = f"http://{host}"
        agent = f"{server}/download/whirr-worker"
        shown = machines.Machine(server, agent, f"{agent}.sha256", needs_token=True, is_local=True)
        assert in_a_shell(shown.fetch.splitlines()[0], "curl", tmp_path) == ["-fsSLO", agent]
        service = in_a_shell(shown.service, "whirr", tmp_path)
        assert service == ["worker", "install-service", "-s", server, "-g", "all"]


def in_a_shell(line: str, program: str, folder: Path) -> list[str]:
    """The arguments that a program of that name is given by the line."""
    fake = f"""{program}() {{ printf '%s\\n' "$@"; }}; {line}"""
    command = ["sh", "-c", fake]
    told = subprocess.run(command, capture_output=True, text=True, cwd=folder, check=True)
    return told.stdout.splitlines()


class TestVersions:
    def test_agents_of_this_version_are_no_news(self, browser: Client, settings: Settings) -> None:
        settings.WHIRR_VERSION = "1.4.2"
        make_worker(version="1.4.2")
        shown = page(browser)
        assert "agent 1.4.2" in shown
        assert "data-skew" not in shown
        assert "of this server's version" not in shown

    @pytest.mark.parametrize(
        ("version", "age", "said"),
        [
            ("1.3.0", "older", "The agent is older by one minor version: works"),
            ("1.5.0", "newer", "The agent is newer by one minor version: works"),
            ("0.9.0", "too_old", "not tested together; update it"),
            ("2.0.0", "too_new", "not tested together; update the server"),
            ("", "unknown", "The agent tells no version"),
            ("<i>odd", "unknown", "cannot be compared"),
        ],
    )
    def test_each_other_one_has_its_word_and_the_line_that_fetches_ours(
        self,
        browser: Client,
        settings: Settings,
        version: str,
        age: str,
        said: str,
    ) -> None:
        settings.WHIRR_VERSION = "1.4.2"
        make_worker(version=version)
        make_worker("other", version="1.4.2")
        for shown in (page(browser), page(browser, **{"HX-Request": "true"})):
            assert shown.count("data-skew") == 1
            assert f'data-skew="{age}"' in shown
            assert said in shown
            assert "1 agent is not of this server's version, 1.4.2" in shown
            assert FETCH in shown
            assert "<i>odd" not in shown

    def test_the_admin_says_it_in_its_list_and_on_its_page(
        self, browser: Client, settings: Settings
    ) -> None:
        settings.WHIRR_VERSION = "1.4.2"
        worker = make_worker(version="1.3.0")
        for path in ("/admin/jobs/worker/", f"/admin/jobs/worker/{worker.pk}/change/"):
            assert "is older by one minor version" in browser.get(path).content.decode()

    def test_the_api_says_it_to_programs(self, browser: Client, settings: Settings) -> None:
        settings.WHIRR_VERSION = "1.4.2"
        make_worker(version="1.1.0")
        told = browser.get("/api/v1/workers/node1").json()
        assert (told["version"], told["version_skew"]) == ("1.1.0", "too_old")
        assert told["version_note"].startswith("is too old (3 minor versions behind)")


class TestWhatItsAgentSays:
    def shown(self, browser: Client, **load: object) -> str:
        sync(make_worker(now=timezone.now()), now=timezone.now(), load=load)
        return page(browser)

    def test_a_full_disk(self, browser: Client) -> None:
        assert "Its disk is full: it takes no jobs" in self.shown(browser, disk_low=True)

    def test_a_disk_with_room_is_no_news(self, browser: Client) -> None:
        assert "disk is full" not in self.shown(browser, disk_low=False)

    def test_what_it_sends_at_most(self, browser: Client) -> None:
        shown = self.shown(browser, bandwidth_bytes_per_second=2_500_000)
        assert "sends at most 2.5 MB/s" in shown

    @pytest.mark.parametrize("nonsense", ["fast", [], None, True])
    def test_nonsense_is_not_shown(self, browser: Client, nonsense: object) -> None:
        said = self.shown(browser, bandwidth_bytes_per_second=nonsense, disk_low=nonsense)
        assert "sends at most" not in said

"""The scheduler's commands against the real API: what they print, and how they end."""

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from jobs import requirements
from jobs.models import Job
from tests.cli.command import Call
from tests.jobs.factories import claim, finish, fresh, make_job, make_worker
from whirr_site.access.principals import startup_secret

Result = subprocess.CompletedProcess[str]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def whirr(live_server: LiveServer, data_dir: Path, quick: Call) -> Iterator[Callable[..., Result]]:
    """The command, in this process, with the server and its secret in its environment."""
    requirements.forget()
    there = {"WHIRR_SERVER_URL": live_server.url, "WHIRR_TOKEN": startup_secret()}

    def call(*args: str) -> Result:
        return quick(*args, **there)

    yield call
    requirements.forget()


def rows(result: Result) -> list[list[str]]:
    assert result.returncode == 0, result.stderr
    return [line.split("\t") for line in result.stdout.splitlines()[1:]]


def run_all(*codes: int) -> None:
    """Run that many jobs, in the order of the queue, to these exit codes."""
    worker = make_worker("runner", now=timezone.now())
    for code in codes:
        now = timezone.now()
        finish(claim(worker, now=now), exit_code=code, now=now)


def submit_array(whirr: Callable[..., Result], spec: str = "0-2", *more: str) -> dict[str, Any]:
    result = whirr("submit", "--json", "--array", spec, *more, "--", "true")
    assert result.returncode == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


class TestArrays:
    def test_submit_prints_the_array_and_the_range_of_its_jobs(
        self, whirr: Callable[..., Result], live_server: LiveServer
    ) -> None:
        result = whirr("submit", "--array", "0-99%8", "--", "true")
        numbers = list(Job.objects.order_by("pk").values_list("pk", flat=True))
        array, ids, url = result.stdout.strip().split("\t")
        assert (len(numbers), ids) == (100, f"{numbers[0]}-{numbers[-1]}")
        assert array == f"A{Job.objects.first().array_id}"  # type: ignore[union-attr]
        assert url == f"{live_server.url}/runs/job-{numbers[0]}/"

    @pytest.mark.parametrize(("codes", "expected"), [((0, 0), 0), ((0, 7), 1)])
    def test_wait_ends_with_0_only_if_all_completed(
        self, whirr: Callable[..., Result], codes: tuple[int, ...], expected: int
    ) -> None:
        array = submit_array(whirr, "0-1")
        run_all(*codes)
        result = whirr("wait", array["array_id"])
        assert result.returncode == expected
        assert f"array {array['array_id']}" in result.stderr
        listed = [line.split("\t") for line in result.stdout.splitlines()[1:]]
        assert [int(cells[2]) for cells in listed] == list(codes)

    def test_a_member_that_was_mended_counts_as_its_retry(
        self, whirr: Callable[..., Result]
    ) -> None:
        array = submit_array(whirr, "0-1")
        run_all(0, 7)
        assert len(rows(whirr("retry", "--failed", array["array_id"]))) == 1
        run_all(0)
        assert whirr("wait", array["array_id"]).returncode == 0

    def test_status_counts_the_members_and_names_them(self, whirr: Callable[..., Result]) -> None:
        array = submit_array(whirr, "4-6%1")
        result = whirr("status", array["array_id"])
        assert f"array {array['array_id']}: 2 waiting, 1 queued" in result.stderr
        assert [cells[7] for cells in rows(result)] == [
            f"{array['array_id']}[{index}]" for index in (4, 5, 6)
        ]
        told = json.loads(whirr("status", array["array_id"], "--json").stdout)
        assert told["counts"] == {"queued": 1, "waiting": 2}

    def test_one_that_is_not_there_is_told(self, whirr: Callable[..., Result]) -> None:
        for args in (
            ["wait", "A7"],
            ["status", "A7"],
            ["cancel", "A7"],
            ["retry", "A7"],
            ["hold", "A7"],
        ):
            result = whirr(*args)
            assert result.returncode == 5, args
            assert "no array A7" in result.stderr


class TestAfter:
    def test_a_job_waits_for_another_and_status_says_so(self, whirr: Callable[..., Result]) -> None:
        first = make_job()
        assert whirr("submit", "--after", f"any:{first.pk}", "--", "true").returncode == 0
        lines = whirr("status").stdout.splitlines()
        waiting = next(line for line in lines if "\twaiting\t" in line)
        assert waiting.split("\t")[8] == "dependency"
        number = waiting.split("\t")[0]
        assert f"any:{first.pk} (queued)" in whirr("status", number).stdout

    def test_what_can_never_start_is_told_at_once(self, whirr: Callable[..., Result]) -> None:
        first = make_job()
        run_all(3)
        result = whirr("submit", "--after", str(first.pk), "--", "true")
        assert result.returncode == 1
        assert "was cancelled at once" in result.stderr

    def test_an_unknown_one_is_bad_usage(self, whirr: Callable[..., Result]) -> None:
        result = whirr("submit", "--after", "404", "--", "true")
        assert result.returncode == 2
        assert "no job 404" in result.stderr


class TestCancel:
    def test_arrays_and_jobs_by_name(self, whirr: Callable[..., Result]) -> None:
        array, job = submit_array(whirr, "0-2%1"), make_job()
        told = rows(whirr("cancel", array["array_id"], str(job.pk)))
        assert [(int(cells[0]), cells[1]) for cells in told] == [
            (number, "yes") for number in (*array["job_ids"], job.pk)
        ]
        assert {job.status for job in Job.objects.all()} == {"cancelled"}

    def test_a_filter_chooses_and_nobody_is_asked_in_a_script(
        self, whirr: Callable[..., Result]
    ) -> None:
        mine, other = make_job(project="p"), make_job()
        result = whirr("cancel", "--project", "p", "--json")
        assert json.loads(result.stdout) == [
            {"job_id": mine.pk, "cancelled": True, "message": "cancelled"}
        ]
        assert fresh(other).status == "queued"
        again = whirr("cancel", "--project", "p")
        assert (again.returncode, again.stdout) == (0, "")
        assert "no such job was active" in again.stderr

    def test_a_running_one_is_told_to_stop(self, whirr: Callable[..., Result]) -> None:
        job = make_job()
        claim(make_worker(now=timezone.now()), now=timezone.now())
        assert rows(whirr("cancel", "--status", "running")) == [
            [str(job.pk), "yes", "told to stop"]
        ]

    def test_on_a_terminal_a_person_is_asked(
        self, whirr: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from whirr.cli.commands import cancel

        monkeypatch.setattr(cancel, "_a_person_is_there", lambda: True)
        asked: list[str] = []

        def refuse(question: str, **_: Any) -> bool:
            asked.append(question)
            return False

        monkeypatch.setattr(click, "confirm", refuse)
        job = make_job(project="p")
        for choice in (["--project", "p"], ["--all-queued"]):
            result = whirr("cancel", *choice)
            assert (result.returncode, result.stdout) == (1, "")
            assert "nothing was cancelled" in result.stderr
        assert asked == ["Cancel 1 jobs (project p)?", "Cancel 1 jobs, of all users?"]
        assert fresh(job).status == "queued"
        assert whirr("cancel", "--project", "p", "--yes").returncode == 0
        assert fresh(job).status == "cancelled"

    def test_one_that_is_not_there_spares_the_others(self, whirr: Callable[..., Result]) -> None:
        job = make_job()
        result = whirr("cancel", "A404", "404", str(job.pk))
        assert result.returncode == 5
        assert fresh(job).status == "cancelled"
        assert [line.split("\t")[:2] for line in result.stdout.splitlines()[1:]] == [
            ["A404", "no"],
            ["404", "no"],
            [str(job.pk), "yes"],
        ]


class TestRetry:
    def test_a_job_and_what_is_left_of_a_project(self, whirr: Callable[..., Result]) -> None:
        first, second = make_job(project="p"), make_job(project="p")
        run_all(1, 1)
        assert [cells[1] for cells in rows(whirr("retry", str(first.pk)))] == [str(first.pk)]
        told = json.loads(whirr("retry", "--project", "p", "--json").stdout)
        assert [each["retry_of"] for each in told] == [second.pk]
        nothing = whirr("retry", "--project", "p")
        assert (nothing.returncode, nothing.stdout) == (0, "")
        assert "nothing is left to retry" in nothing.stderr

    def test_a_job_that_runs_cannot_be(self, whirr: Callable[..., Result]) -> None:
        result = whirr("retry", str(make_job().pk))
        assert result.returncode == 1
        assert "only a job that has ended" in result.stderr


class TestHoldAndPriority:
    def test_a_held_job_is_told_as_such_until_it_is_released(
        self, whirr: Callable[..., Result]
    ) -> None:
        assert whirr("submit", "--hold", "--", "true").returncode == 0
        number = str(Job.objects.get().pk)
        assert "held by owner" in whirr("status").stdout
        assert rows(whirr("release", number)) == [[number, "queued", "no", "0"]]
        assert rows(whirr("hold", number, f"job-{number}")) == [[number, "queued", "yes", "0"]]

    def test_an_array_is_held_as_far_as_it_has_not_ended(
        self, whirr: Callable[..., Result]
    ) -> None:
        array = submit_array(whirr)
        run_all(0)
        assert [cells[2] for cells in rows(whirr("hold", array["array_id"]))] == ["yes", "yes"]

    @pytest.mark.parametrize("priority", ["7", "-7"])
    def test_a_priority_may_be_negative(self, whirr: Callable[..., Result], priority: str) -> None:
        number = str(make_job().pk)
        assert rows(whirr("priority", number, priority)) == [[number, "queued", "no", priority]]

    def test_what_has_ended_refuses(self, whirr: Callable[..., Result]) -> None:
        job = make_job()
        run_all(0)
        for args in (["hold", str(job.pk)], ["priority", str(job.pk), "1"]):
            result = whirr(*args)
            assert result.returncode == 1
            assert "completed" in result.stderr


class TestWorkers:
    def test_they_are_listed(self, whirr: Callable[..., Result]) -> None:
        make_worker(gpus=2, now=timezone.now())
        for args in (["workers"], ["workers", "list"]):
            ((name, status, host, gpus, *_),) = rows(whirr(*args))
            assert (name, status, host, gpus) == ("node1", "idle", "node1.example", "2 x A100")
        assert json.loads(whirr("workers", "--json").stdout)[0]["id"] == "node1"

    def test_they_are_told_what_to_do(self, whirr: Callable[..., Result]) -> None:
        make_worker(now=timezone.now())
        for verb, status in (
            ("drain", "draining"),
            ("resume", "idle"),
            ("disable", "disabled"),
            ("enable", "idle"),
        ):
            assert rows(whirr("workers", verb, "node1"))[0][1] == status
        refused = whirr("workers", "rm", "node1")
        assert refused.returncode == 1
        assert "stop its agent first" in refused.stderr

    def test_one_that_is_gone_is_forgotten(self, whirr: Callable[..., Result]) -> None:
        make_worker("old node")
        from jobs.models import Worker

        Worker.objects.update(online=False)
        assert whirr("workers", "rm", "old node").returncode == 0
        assert not Worker.objects.exists()
        again = whirr("workers", "rm", "old node")
        assert again.returncode == 5
        assert "no worker" in again.stderr


def test_runs_are_found_by_a_filter_and_a_wrong_one_is_shown_where_it_is(
    whirr: Callable[..., Result],
) -> None:
    worker = make_worker("node1", gpus=8)
    for lr in (0.1, 0.2, 0.3):
        make_job(name=f"lr {lr}", config={"lr": lr})
        claim(worker)

    found = rows(whirr("runs", "--filter", "lr>=0.2", "--sort", "config.lr"))
    wrong = whirr("runs", "-f", "lr>=0.2 stat:failed")

    assert [row[2] for row in found] == ["lr 0.2", "lr 0.3"]
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr.splitlines()[:3] == [
        "whirr: no field or key `stat` (column 9): did you mean `state`?",
        "       lr>=0.2 stat:failed",
        "               ^^^^",
    ]
    assert "cannot be sorted by" in whirr("runs", "--sort", "colour").stderr

"""rm, restore, trash and retention against the real API."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from runs.models import RetentionRule, Run
from tests.cli.command import Call
from tests.cli.test_with_server import Result
from tests.runs.factories import line, log, make_direct_run, make_run
from tests.runs.test_trash import ended
from whirr.cli.output import size
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db(transaction=True)
Command = Callable[..., Result]


@pytest.fixture
def whirr(live_server: LiveServer, data_dir: Path, quick: Call) -> Iterator[Command]:
    """The command, in this process, with the server and its secret in its environment."""
    there = {"WHIRR_SERVER_URL": live_server.url, "WHIRR_TOKEN": startup_secret()}
    yield lambda *args: quick(*args, **there)


def trashed() -> set[str]:
    return set(Run.objects.filter(trashed_at__isnull=False).values_list("key", flat=True))


def test_runs_go_come_back_and_are_deleted_for_good(whirr: Command) -> None:
    first, second = ended(), ended()
    log(first, line(loss=1.0) * 1000)
    result = whirr("rm", first.key.removeprefix("job-"), second.key)
    assert (result.returncode, result.stdout.split()) == (0, [first.key, second.key])
    assert whirr("restore", second.key).returncode == 0
    assert trashed() == {first.key}
    listed = whirr("trash")
    assert listed.stdout.splitlines()[1].startswith(f"{first.key}\t")
    assert "deleted for good after 7d00h" in listed.stderr
    emptied = whirr("trash", "--empty")
    assert emptied.returncode == 0
    assert "1 runs deleted for good, freed " in emptied.stderr
    told = json.loads(whirr("trash", "--json").stdout)
    assert told["runs"] == []
    assert told["deletions"][0]["id"] == first.key


def test_they_are_chosen_by_what_they_are_and_a_dry_run_moves_none(whirr: Command) -> None:
    old = ended(project="vision", days=20_000)
    ended(project="speech", days=20_000)
    choice = ("rm", "--project", "vision", "--status", "completed", "--older-than", "365d")
    dry = whirr(*choice, "--dry-run")
    assert dry.stdout.split() == [old.key]
    assert "1 would go to the trash, " in dry.stderr
    assert trashed() == set()
    assert json.loads(whirr(*choice, "--json").stdout)["runs"] == [old.key]
    assert trashed() == {old.key}


def test_the_archive_leaves_runs_out_of_lists_and_not_of_an_export_of_all(
    whirr: Command, tmp_path: Path
) -> None:
    away, kept = ended(), make_run()
    put = whirr("archive", away.key, kept.key)
    assert (put.returncode, put.stdout.split()) == (1, [away.key])
    assert "only a run that has ended can be archived" in put.stderr
    listed = [
        json.loads(whirr("runs", "--json", *args).stdout) for args in ((), ("-f", "archived:yes"))
    ]
    assert [[run["id"] for run in runs] for runs in listed] == [[kept.key], [away.key]]
    assert whirr("export", "--all", "-o", str(tmp_path / "all")).returncode == 0
    assert {path.name for path in (tmp_path / "all").iterdir()} == {away.key, kept.key}
    back = whirr("unarchive", away.key)
    assert (back.returncode, back.stdout.split()) == (0, [away.key])
    assert whirr("unarchive", "job-99999").returncode == 5


def test_what_is_refused_is_told_and_has_its_exit_code(whirr: Command) -> None:
    running, direct, over = make_run(), make_direct_run(), ended()
    refused = whirr("rm", running.key, over.key)
    assert refused.returncode == 1
    assert "cancel its job first" in refused.stderr
    assert whirr("rm", "job-99999").returncode == 5
    assert whirr("rm", direct.key).returncode == 1
    assert whirr("rm", "--force", direct.key).returncode == 0
    assert trashed() == {over.key, direct.key}


@pytest.mark.parametrize(
    "args",
    [
        ("rm",),
        ("archive",),
        ("unarchive", "../x"),
        ("rm", "../x"),
        ("rm", "job-1", "--project", "x"),
        ("rm", "--force", "--project", "x"),
        ("rm", "--older-than", "soon"),
        ("rm", "--status", "running"),
        ("restore",),
        ("retention", "set", "x"),
        ("retention", "set", "x", "--keep-last", "-1"),
        ("retention", "set", "x", "--keep-best", "1"),
        ("retention", "set", "x", "--older-than", "36h"),
        ("retention", "set", "x" * 101, "--keep-last", "1"),
    ],
)
def test_bad_usage_is_told(whirr: Command, args: tuple[str, ...]) -> None:
    result = whirr(*args)
    assert result.returncode == 2
    assert result.stderr.startswith("whirr: ")
    assert not RetentionRule.objects.exists()


def test_a_rule_is_tried_set_shown_applied_and_taken_away(whirr: Command) -> None:
    run = ended(project="a/b", days=20_000)
    rule = ("retention", "set", "a/b", "--keep-last", "0", "--older-than", "30d")
    dry = whirr(*rule, "--dry-run")
    assert dry.stdout.splitlines()[1].startswith(f"{run.key}\t")
    assert "1 would go" in dry.stderr
    assert not RetentionRule.objects.exists()
    assert whirr(*rule, "--protect", "paper,keep").returncode == 0
    stored = RetentionRule.objects.get()
    assert (stored.older_than_days, stored.protected_tags) == (30, ["paper", "keep"])
    assert whirr("retention", "show").stdout.splitlines()[1].startswith("a/b\tTrue\t0\t")
    assert whirr("retention", "apply", "a/b", "--dry-run").stdout.count(run.key) == 1
    assert trashed() == set()
    assert whirr("retention", "apply", "a/b").stdout.split() == [run.key]
    assert whirr("retention", "rm", "a/b").returncode == 0
    for verb in ("show", "apply", "rm"):
        assert whirr("retention", verb, "a/b").returncode == 5


def test_sizes_are_told_as_people_read_them() -> None:
    sizes = {
        0: "0 B",
        1023: "1023 B",
        1024: "1.0 KiB",
        1_288_490_189: "1.2 GiB",
        2**50: "1024.0 TiB",
    }
    assert {count: size(count) for count in sizes} == sizes
    assert size(None) == ""

"""Rules of projects: which runs go, what a dry run says, who may set them."""

import json
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django_celery_beat.models import PeriodicTask

from runs import recording, retention, tasks
from runs.errors import Invalid
from runs.models import RetentionRule, Run, RunStatus
from tests.runs.factories import NOON, line, log, make_run
from tests.runs.test_trash import ended
from tests.site.asking import job_of, owner

pytestmark = pytest.mark.django_db
RULE = "/api/v1/retention/vision"


def scored(loss: Any, **values: Any) -> Run:
    """A finished run that logged this."""
    run = make_run(project="vision")
    log(run, line(loss=loss))
    recording.set_statuses([(run, RunStatus.COMPLETED)], now=NOON)
    if values:
        Run.objects.filter(pk=run.pk).update(**values)
    return run


def going(now: Any = NOON, project: str = "vision", **told: Any) -> set[str]:
    rule = retention.drafted(project, told)
    return {run.key for run in retention.judge(rule, now=now).going}


def keys(*runs: Run) -> set[str]:
    return {run.key for run in runs}


class TestWhatGoes:
    def test_all_but_the_last(self) -> None:
        runs = [ended(project="vision") for _ in range(5)]
        ended(project="speech")
        make_run(project="vision")
        assert going(keep_last=2) == keys(*runs[:3])
        assert going(keep_last=9) == set()
        assert going(keep_last=0) == keys(*runs)

    @pytest.mark.parametrize(("direction", "best"), [("min", 1), ("max", 2)])
    def test_all_but_the_best_and_what_is_no_number_is_never_among_them(
        self, direction: str, best: int
    ) -> None:
        runs = [scored(loss) for loss in (0.5, 0.1, 0.9, float("nan"), float("inf"))]
        assert going(keep_best=1, metric="loss", direction=direction) == keys(*runs) - {
            runs[best].key
        }
        assert going(keep_best=1, metric="accuracy", direction="max") == keys(*runs)

    def test_the_summary_comes_before_what_was_logged_last(self) -> None:
        told, logged = scored(0.9, summary={"loss": 0.1}), scored(0.5)
        odd = scored(0.7, summary={"loss": "low"})
        assert going(keep_best=1, metric="loss") == keys(logged, odd)
        assert going(keep_best=2, metric="loss") == keys(odd)
        assert told.key not in going(keep_best=1, metric="loss")

    def test_a_number_beyond_all_floats_is_none(self) -> None:
        huge, other = scored(0.7, summary={"loss": -(10**400)}), scored(0.5)
        assert going(keep_best=1, metric="loss") == keys(huge)
        assert going(keep_best=1, metric="loss", direction="max") == keys(other)

    def test_another_writers_series_are_not_looked_at(self) -> None:
        run, other = scored(0.5), scored(0.6)
        log(other, line(loss=0.0), name="metrics.r1.jsonl")
        assert going(keep_best=1, metric="loss") == keys(other)
        assert run.key not in going(keep_best=1, metric="loss")

    def test_all_that_is_older(self) -> None:
        old = ended(project="vision", days=31)
        ended(project="vision", days=29)
        assert going(older_than_days=30) == keys(old)
        assert going(older_than_days=30, keep_last=2) == set()

    def test_a_protected_tag_protects(self) -> None:
        ended(project="vision", tags=["keep"])
        paper, plain = ended(project="vision", tags=["paper"]), ended(project="vision")
        assert going(keep_last=0) == keys(paper, plain)
        kept = ended(project="vision", tags=["x", "paper"])
        assert kept.key not in going(keep_last=0, protected_tags=["paper"])

    def test_no_project_is_a_project_too(self) -> None:
        run = ended()
        ended(project="vision")
        assert going(project="", keep_last=0) == keys(run)

    def test_a_thousand_runs(self, django_assert_max_num_queries: Any) -> None:
        rows = [
            Run(
                **{"key": f"job-{number}", "kind": "job", "project": "vision", "attempt": 1},
                **{"status": "completed", "created_at": NOON, "finished_at": NOON},
                summary={"acc": number / 1000},
            )
            for number in range(100_000, 101_000)
        ]
        Run.objects.bulk_create(rows)
        rule = retention.put(
            "vision", {"keep_last": 10, "keep_best": 10, "metric": "acc", "direction": "max"}
        )
        with django_assert_max_num_queries(80):
            assert retention.apply_all(now=NOON) == 990
        assert retention.apply(rule, now=NOON) == []
        left = Run.objects.filter(trashed_at__isnull=True).order_by("key")
        assert [run.key for run in left] == [f"job-{number}" for number in range(100_990, 101_000)]


class TestByTheHour:
    def test_celery_applies_what_is_enabled_and_says_which_rule_it_was(self) -> None:
        run, other = ended(project="vision"), ended(project="speech")
        retention.put("vision", {"keep_last": 0})
        retention.put("speech", {"keep_last": 0, "enabled": False})
        assert tasks.apply_retention() == 1
        assert Run.objects.get(pk=run.pk).trashed_by == "rule of project vision"
        assert not Run.objects.get(pk=other.pk).is_in_trash

    def test_a_rule_that_fails_keeps_no_other(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        run, whole = ended(project="vision"), retention.judge
        retention.put("speech", {"keep_last": 0})
        retention.put("vision", {"keep_last": 0})

        def judge(one: RetentionRule, *, now: Any) -> retention.Verdict:
            if one.project == "speech":
                raise RuntimeError("out of order")
            return whole(one, now=now)

        monkeypatch.setattr(retention, "judge", judge)
        assert tasks.apply_retention() == 1
        assert Run.objects.get(pk=run.pk).is_in_trash
        assert "rule of project speech cannot be applied" in caplog.text

    def test_beat_knows_both_tasks(self) -> None:
        import_module("runs.migrations.0007_retention_schedule").seed(apps, None)
        tasks_of_beat = set(PeriodicTask.objects.values_list("task", flat=True))
        assert {tasks.apply_retention.name, tasks.purge_trash.name} <= tasks_of_beat


def put(body: Any, path: str = RULE) -> Any:
    return owner().put(path, json.dumps(body), content_type="application/json")


class TestThroughTheApi:
    def test_a_rule_is_set_shown_tried_applied_and_deleted(self) -> None:
        old, young = ended(project="vision", days=20_000), ended(project="vision")
        log(old, line(loss=1.0))
        assert put({"older_than_days": 3650, "keep_last": 1}).json()["protected_tags"] == ["keep"]
        told = owner().get(f"{RULE}?dry_run=1").json()
        report = told["report"]
        assert [run["id"] for run in report["runs"]] == [old.key]
        assert report["count"] == 1
        assert report["staying"] == {"among the last 1": 1}
        assert report["bytes"] == report["runs"][0]["bytes"] > 100
        assert not Run.objects.filter(trashed_at__isnull=False).exists()
        assert owner().post(RULE).json()["runs"] == [old.key]
        assert owner().get("/api/v1/retention").json()["rules"][0]["project"] == "vision"
        assert owner().delete(RULE).status_code == 200
        for method in ("get", "post", "delete"):
            assert getattr(owner(), method)(RULE).status_code == 404
        assert young.key in {run.key for run in Run.objects.filter(trashed_at__isnull=True)}

    def test_a_dry_run_of_a_draft_stores_nothing(self) -> None:
        run = ended(project="vision")
        told = put({"keep_last": 0}, f"{RULE}?dry_run=1").json()
        assert [each["id"] for each in told["report"]["runs"]] == [run.key]
        assert not RetentionRule.objects.exists()

    def test_a_minus_means_runs_without_a_project_and_slashes_are_part_of_a_name(self) -> None:
        assert put({"keep_last": 1}, "/api/v1/retention/-").json()["project"] == ""
        assert put({"keep_last": 1}, "/api/v1/retention/a/b").json()["project"] == "a/b"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({}, "keep_last"),
            ({"protected_tags": ["keep"]}, "keep_last"),
            ({"keep_last": -1}, "keep_last"),
            ({"keep_last": "many"}, "keep_last"),
            ({"keep_last": 2**40}, "keep_last"),
            ({"keep_best": 3}, "metric"),
            ({"keep_best": 3, "metric": "a\0"}, "metric"),
            ({"keep_best": 3, "metric": "x", "direction": "up"}, "direction"),
            ({"older_than_days": 3651}, "older_than_days"),
            ({"keep_last": 1, "protected_tags": "keep"}, "protected_tags"),
            ({"keep_last": 1, "protected_tags": [""]}, "protected_tags"),
            ({"keep_last": 1, "protected_tags": ["x" * 101]}, "protected_tags"),
            ({"keep_last": 1, "enabled": "perhaps"}, "enabled"),
        ],
    )
    def test_a_rule_that_cannot_be_meant_is_refused(self, body: Any, field: str) -> None:
        answer = put(body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert field in answer.json()["fields"]
        assert put(body, f"{RULE}?dry_run=1").status_code == 400
        assert not RetentionRule.objects.exists()

    @pytest.mark.parametrize("path", ["/api/v1/retention/" + "x" * 101, f"{RULE}?dry_run=perhaps"])
    def test_an_address_that_cannot_be_meant_is_refused(self, path: str) -> None:
        assert put({"keep_last": 1}, path).status_code == 400

    def test_a_runs_own_token_reads_and_sets_no_rule(self) -> None:
        client = job_of(make_run().key)
        for method in ("get", "put", "post", "delete"):
            assert getattr(client, method)(RULE).status_code == 403

    def test_who_is_no_admin_reads_rules_and_sets_none(
        self, client: Any, django_user_model: Any
    ) -> None:
        retention.put("vision", {"keep_last": 1})
        client.force_login(django_user_model.objects.create_user("ada"))
        assert client.get(f"{RULE}?dry_run=1").status_code == 200
        for method in ("put", "post", "delete"):
            assert getattr(client, method)(RULE).status_code == 403
        assert client.post("/api/v1/trash/empty").status_code == 403


def test_a_rule_that_keeps_nothing_back_is_no_rule() -> None:
    with pytest.raises(Invalid, match="nothing would be kept"):
        retention.put("vision", {"protected_tags": []})

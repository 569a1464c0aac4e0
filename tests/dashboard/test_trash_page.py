"""Buttons, pages and the admin of the trash: they do what the API does, and say what it said."""

import pytest
from django.test import Client

from dashboard import watching
from runs import trash
from runs.models import Deletion, RetentionRule, Run
from tests.dashboard.conftest import begin
from tests.jobs import factories
from tests.runs.factories import NOON
from tests.runs.test_trash import ADMIN, ended

pytestmark = pytest.mark.django_db
BY_SCRIPT = {"HX-Request": "true"}


@pytest.fixture
def ada(django_user_model: object) -> Client:
    """The browser of somebody who is no admin."""
    client = Client()
    client.force_login(django_user_model.objects.create_user("ada"))  # type: ignore[attr-defined]
    return client


def done() -> Run:
    """The run of a job that completed."""
    return factories.finish(begin()).run


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_run_goes_from_its_page_and_comes_back(browser: Client) -> None:
    run = ended(name="resnet")
    there = f"/runs/{run.key}/"
    assert "Move to trash" in page(browser, there)
    said = browser.post(f"{there}trash", headers=BY_SCRIPT)
    assert (said.status_code, said.content.decode()) == (200, f"{run.key} is in the trash.")
    shown = page(browser, there)
    assert "put there by owner" in shown
    assert "Move to trash" not in shown
    assert "resnet" in page(browser, "/trash/")
    assert "resnet" not in page(browser, "/runs/")
    browser.post(f"{there}restore")
    assert "put there by" not in page(browser, there)


def test_what_runs_has_no_button_and_is_refused(browser: Client) -> None:
    attempt = begin()
    there = f"/runs/job-{attempt.job_id}/"
    assert "Move to trash" not in page(browser, there)
    refused = browser.post(f"{there}trash", headers=BY_SCRIPT)
    assert refused.status_code == 409
    assert "cancel its job first" in refused.content.decode()
    assert browser.post("/runs/job-99999/trash").status_code == 404
    assert browser.get(f"{there}trash").status_code == 405


def test_chosen_rows_go_together_and_those_that_stay_are_told(browser: Client) -> None:
    first, second = done(), done()
    attempt = begin()
    form = {"runs": f"{first.key},{second.key},job-{attempt.job_id}"}
    said = browser.post("/runs/trash", form, headers=BY_SCRIPT).content.decode()
    assert said.startswith("2 runs in the trash. 1 stayed:")
    assert Run.objects.filter(trashed_at__isnull=False).count() == 2
    nothing = browser.post("/runs/trash", {"runs": f"job-{attempt.job_id}"}, headers=BY_SCRIPT)
    assert nothing.status_code == 409


def test_only_admins_empty_it_and_others_restore_their_own(ada: Client, browser: Client) -> None:
    mine, theirs = ended(user="ada"), ended(user="ben")
    trash.discard([mine.key, theirs.key], by=ADMIN, now=NOON)
    shown = page(ada, "/trash/")
    assert f"restore-run-{mine.key}" in shown
    assert f"restore-run-{theirs.key}" not in shown
    assert "Empty now" not in shown
    assert ada.post("/trash/empty").status_code == 403
    assert ada.post(f"/runs/{theirs.key}/restore", headers=BY_SCRIPT).status_code == 409
    said = browser.post("/trash/empty", headers=BY_SCRIPT).content.decode()
    assert said.startswith("2 runs deleted for good, freed ")
    assert theirs.key in page(browser, "/trash/")  # below: what was deleted for good


def test_names_from_outside_are_text(browser: Client) -> None:
    run = ended(name="<script>alert(1)</script>", tags=["<b>"], project="<i>")
    trash.discard([run.key], by=ADMIN, now=NOON)
    for _ in range(2):
        shown = page(browser, "/trash/")
        assert "<script>alert" not in shown
        assert "<b>" not in shown
        assert "<i>" not in shown
        browser.post("/trash/empty")


@pytest.mark.parametrize("number", ["x", "-1", "99999999999999999999"])
def test_a_page_that_is_none_is_not_found(browser: Client, number: str) -> None:
    assert browser.get(f"/trash/?page={number}").status_code == 404
    assert browser.get("/trash/?page=7").status_code == 200


def test_whoever_looks_at_the_run_meanwhile_sees_it_go() -> None:
    run = ended()
    before = watching.version(run)
    queue = watching.queue_version()
    trash.discard([run.key], by=ADMIN, now=NOON)
    assert watching.version(Run.objects.get(pk=run.pk)) != before
    assert watching.queue_version() != queue


class TestAdmin:
    def act(self, browser: Client, model: str, action: str, *rows: int) -> str:
        """What the page that asks says is tested in test_admin_confirming.py."""
        form = {
            **{"action": action, "_selected_action": str(rows[0]), "confirmed": "yes"},
            "chosen": ",".join(str(row) for row in rows),
        }
        return browser.post(f"/admin/runs/{model}/", form, follow=True).content.decode()

    def test_runs_go_and_come_back(self, browser: Client) -> None:
        run, running = done(), begin().job.run
        said = self.act(browser, "run", "discard", run.pk, running.pk)
        assert "1 in the trash." in said
        assert "cancel its job first" in said
        assert "1 restored." in self.act(browser, "run", "restore", run.pk)

    def test_a_rule_is_made_tried_and_applied(self, browser: Client) -> None:
        run = ended(project="vision")
        form = {"project": "vision", "keep_last": "0", "direction": "min", "protected_tags": "[]"}
        browser.post("/admin/runs/retentionrule/add/", form)
        rule = RetentionRule.objects.get()
        assert "1 runs would go" in self.act(browser, "retentionrule", "rehearse", rule.pk)
        assert "1 in the trash" in self.act(browser, "retentionrule", "apply", rule.pk)
        assert Run.objects.get(pk=run.pk).is_in_trash
        assert not Deletion.objects.exists()

    @pytest.mark.parametrize(
        "wrong", [{"keep_last": ""}, {"protected_tags": "3"}, {"keep_best": "2"}]
    )
    def test_a_rule_that_cannot_be_meant_is_refused(
        self, browser: Client, wrong: dict[str, str]
    ) -> None:
        form = {"project": "", "keep_last": "0", "direction": "min", "protected_tags": "[]"}
        answer = browser.post("/admin/runs/retentionrule/add/", form | wrong)
        assert answer.status_code == 200
        assert "errornote" in answer.content.decode()
        assert not RetentionRule.objects.exists()

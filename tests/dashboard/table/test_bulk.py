"""What is done to many runs at once: told before, done through the domain, refused in words."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from dashboard.table import bulk
from jobs.models import Job
from runs.models import Run
from tests.jobs.factories import NOON

pytestmark = pytest.mark.django_db


def post(browser: Client, **form: str) -> Any:
    return browser.post("/runs/bulk", form, HTTP_HX_REQUEST="true")


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def as_user() -> Callable[[str], Client]:
    def of(name: str) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.create_user(name))
        return client

    return of


def keys(runs: list[Run]) -> str:
    return ",".join(run.key for run in runs)


def test_a_tag_is_put_on_and_taken_off(browser: Client, six: list[Run]) -> None:
    assert (
        text(post(browser, verb="tag", value="good, or so", runs=keys(six[:2])))
        == "2 runs tagged good, or so."
    )
    assert Run.objects.get(pk=six[0].pk).tags == ["t", "good, or so"]
    post(browser, verb="untag", value="t", q="state:completed", all="1")
    assert [run.tags for run in Run.objects.order_by("pk")] == [["good, or so"]] * 2 + [[]] * 2 + [
        ["t"]
    ] * 2


def test_all_that_match_are_moved(browser: Client, six: list[Run]) -> None:
    said = text(post(browser, verb="move", value="night", q="model=a", all="1"))

    assert said == "3 runs moved to the project “night”."
    assert Run.objects.filter(project="night").count() == 3


def test_cancel_tells_what_it_stops_and_stops_it(browser: Client, six: list[Run]) -> None:
    told = browser.get(
        "/runs/bulk.json", {"verb": "cancel", "q": "user:ada OR user:bo", "all": "1"}
    ).json()
    said = text(post(browser, verb="cancel", runs=keys(six[3:])))

    assert (told["count"], told["confirm"]) == (2, True)
    assert told["told"] == "stops 2 running jobs of 2 users (ada, bo)"
    assert said.startswith("2 runs cancelled. 1 stayed as they were")
    assert Job.objects.filter(cancel_requested_at__isnull=False).count() == 2


def test_retry_submits_what_has_ended(browser: Client, six: list[Run]) -> None:
    told = browser.get("/runs/bulk.json", {"verb": "retry", "runs": keys(six)}).json()
    said = text(post(browser, verb="retry", runs=keys(six)))

    assert (told["count"], told["confirm"]) == (4, False)
    assert said.startswith("4 runs queued once more. 2 stayed as they were")
    assert Job.objects.filter(retry_of__isnull=False).count() == 4


def test_trash_says_what_stays(browser: Client, six: list[Run]) -> None:
    told = browser.get("/runs/bulk.json", {"verb": "trash", "all": "1", "q": ""}).json()
    said = text(post(browser, verb="trash", all="1"))

    assert told["count"] == 4
    assert "2 stay" in told["told"]
    assert said.startswith("4 runs in the trash. 2 stayed")
    assert Run.objects.filter(trashed_at__isnull=False).count() == 4


def test_a_stored_selection_is_a_target_too(browser: Client, six: list[Run]) -> None:
    key = browser.post("/selections", {"runs": keys(six[:3])}).json()["key"]
    again = browser.post("/selections", {"runs": keys(six[:3])}).json()["key"]

    assert key == again
    assert text(post(browser, verb="tag", value="x", sel=key)) == "3 runs tagged x."
    assert browser.get("/runs/bulk.json", {"verb": "tag", "sel": "nothing"}).status_code == 404


def test_only_a_group_is_meant_where_the_address_says_so(browser: Client, six: list[Run]) -> None:
    form = {"verb": "tag", "value": "x", "all": "1", "group": "config.model", "within": '"a"'}

    assert text(post(browser, **form)) == "3 runs tagged x."


def test_other_peoples_runs_are_theirs(as_user: Callable[[str], Client], six: list[Run]) -> None:
    said = text(post(as_user("ada"), verb="trash", runs=keys(six[:2])))

    assert said.startswith("1 run in the trash. 1 stayed as they were: ")
    assert "is for admins to discard" in said


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"verb": "eat", "runs": "job-1"}, 409, "is no verb"),
        ({"verb": "tag", "value": "x"}, 409, "name the runs"),
        ({"verb": "tag", "value": "", "runs": "job-1"}, 409, "a tag cannot be empty"),
        ({"verb": "tag", "value": "x" * 101, "runs": "job-1"}, 409, "100 characters"),
        ({"verb": "tag", "value": "a\nb", "runs": "job-1"}, 409, "one line"),
        ({"verb": "tag", "value": "x", "runs": "job-99999"}, 404, "no run job-99999"),
        ({"verb": "move", "value": "x" * 101, "runs": "job-1"}, 409, "100 characters"),
        ({"verb": "tag", "value": "x", "q": "state:failed"}, 409, "all=1"),
        ({"verb": "tag", "value": "x", "q": "stat:failed", "all": "1"}, 409, "no field or key `stat`"),
        ({"verb": "retry", "runs": "job-99999"}, 409, "no job that could be retried"),
        ({"verb": "cancel", "runs": "a\0b"}, 400, "cannot hold a NUL"),
        ({"verb": "cancel", "runs": "ab"}, 409, "neither waits nor runs"),
        ({"verb": "tag", "value": "x", "runs": ",".join(f"job-{n}" for n in range(10_001))}, 409, "more than"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    form: dict[str, str], status: int, said: str, browser: Client, six: list[Run]
) -> None:
    answer = post(browser, **form)

    assert (answer.status_code, said in text(answer)) == (status, True), text(answer)[:300]


def test_whoever_may_only_read_changes_nothing(
    six: list[Run], as_user: Callable[[str], Client]
) -> None:
    assert Client().post("/runs/bulk", {"verb": "tag", "value": "x", "all": "1"}).status_code in (
        302,
        401,
        403,
    )
    assert as_user("eve").get("/runs/bulk").status_code == 405


def test_what_was_told_before_is_what_is_done(browser: Client, six: list[Run]) -> None:
    """Runs that match a filter only after somebody read what would happen are none of those they meant."""
    told = browser.get("/runs/bulk.json", {"verb": "tag", "q": "model=a", "all": "1"}).json()
    Run.objects.filter(pk=six[5].pk).update(config={"model": "a"})
    said = text(post(browser, verb="tag", value="x", sel=told["sel"]))

    assert (told["count"], told["runs"]) == (3, 3)
    assert said == "3 runs tagged x."
    assert Run.objects.get(pk=six[5].pk).tags == ["t"]


def test_a_request_does_a_part_and_the_next_goes_on(
    browser: Client, six: list[Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "PATIENCE", 0.0)
    monkeypatch.setattr(bulk, "STEP", 4)
    form = {"verb": "retry", "runs": keys(six)}

    first = json.loads(text(post(browser, **form, **{"from": "0"})))
    second = json.loads(text(post(browser, **form, **{"from": str(first["at"])})))
    again = post(browser, **form, **{"from": "0"})

    assert (first["done"], first["refused"], first["at"], first["left"]) == (2, 2, 4, 2)
    assert (second["done"], second["left"]) == (2, 0)
    assert json.loads(text(again))["done"] == 0, "what was retried already is not retried again"
    assert Job.objects.filter(retry_of__isnull=False).count() == 4
    assert text(post(browser, verb="tag", value="x", runs=keys(six))) == (
        "4 runs tagged x. 2 are left: do it once more."
    )


def test_what_would_happen_is_what_the_same_checks_say(
    as_user: Callable[[str], Client], browser: Client, six: list[Run]
) -> None:
    def told(who: Client, verb: str) -> tuple[int, str]:
        answer = who.get("/runs/bulk.json", {"verb": verb, "runs": keys(six)}).json()
        return answer["count"], answer["told"]

    post(browser, verb="retry", runs=keys(six[:1]))
    post(browser, verb="trash", runs=keys(six[1:2]))
    ada = as_user("ada")

    assert told(browser, "retry") == (
        2,
        "submits 2 jobs once more; 1 stay as they are, since each was retried already; "
        "3 stay as they are, since each has no ended job",
    )
    stays = f"1 stay: {six[1].key} is in the trash"
    assert told(browser, "tag") == (5, f"puts the tag on 5 runs; {stays}")
    assert told(ada, "move")[0] == 3
    assert text(post(ada, verb="move", value="p", runs=keys(six))).startswith("3 runs moved")
    assert text(post(browser, verb="tag", value="x", runs=keys(six))).startswith("5 runs tagged")
    assert Run.objects.get(pk=six[1].pk).tags == ["t"]


def test_the_archive_takes_what_has_ended_and_gives_it_back(
    browser: Client, six: list[Run]
) -> None:
    told = browser.get("/runs/bulk.json", {"verb": "archive", "all": "1", "q": ""}).json()
    said = text(post(browser, verb="archive", sel=told["sel"]))
    page = browser.get("/runs/", {"q": "user:ada OR user:bo"}).context["table"]
    back = browser.get("/runs/bulk.json", {"verb": "unarchive", "q": "archived:yes", "all": "1"})

    assert told["told"].startswith(
        "archives 4 runs: lists leave them out, nothing of them is deleted; 2 stay: "
    )
    assert (told["count"], told["confirm"]) == (4, False)
    assert said.startswith("4 runs archived. 2 stayed as they were: ")
    assert (page.runs, page.archived, page.with_archived) == (2, 4, False)
    assert page.archived_query == "q=%28user%3Aada+OR+user%3Abo%29+archived%3Aany"
    assert back.json()["told"] == "brings 4 runs back into the lists"
    assert text(post(browser, verb="unarchive", q="archived:yes", all="1")) == (
        "4 runs back from the archive."
    )
    assert browser.get("/runs/").context["table"].archived == 0


def test_archived_ones_are_named_where_a_list_leaves_them_out(
    browser: Client, six: list[Run]
) -> None:
    post(browser, verb="archive", runs=keys(six[:1]))
    left = text(browser.get("/runs/"))
    Run.objects.exclude(pk=six[0].pk).update(trashed_at=NOON)
    alone = text(browser.get("/runs/"))
    whole = text(browser.get("/runs/?q=archived:any"))
    overview = browser.get("/").context["overview"]

    assert "1 archived run matches too · <a" in left
    assert "1 archived run matches · <a" in alone
    assert "Nothing has been recorded yet" not in alone
    assert "archived run match" not in whole
    assert '<span class="soft">archived</span>' in whole
    assert "data-with-archived" in whole
    assert "data-with-archived" not in left
    assert (overview.recent, overview.is_fresh) == ([], False)


def test_the_page_of_a_run_archives_it(browser: Client, six: list[Run]) -> None:
    key = six[0].key
    offered = text(browser.get(f"/runs/{key}/head"))
    said = text(browser.post(f"/runs/{key}/archive", HTTP_HX_REQUEST="true"))
    there = text(browser.get(f"/runs/{key}/head"))

    assert f"/runs/{key}/archive" in offered
    assert f"/runs/{six[5].key}/archive" not in text(browser.get(f"/runs/{six[5].key}/head"))
    assert said == f"{key} is archived: lists leave it out."
    assert "archived by <b>" in there
    assert f"/runs/{key}/unarchive" in there
    assert key in text(browser.get(f"/compare/?runs={key},{six[1].key}"))
    assert browser.post(f"/runs/{key}/unarchive", HTTP_HX_REQUEST="true").status_code == 200
    assert Run.objects.get(key=key).archived_at is None
    refused = browser.post(f"/runs/{six[5].key}/archive", HTTP_HX_REQUEST="true")
    assert (refused.status_code, "has ended" in text(refused)) == (409, True)


def test_whoever_may_not_submit_archives_nothing(six: list[Run]) -> None:
    for url in (f"/runs/{six[0].key}/archive", f"/runs/{six[0].key}/unarchive"):
        assert Client().post(url).status_code in (302, 401, 403)
    assert Run.objects.get(pk=six[0].pk).archived_at is None

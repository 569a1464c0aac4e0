"""Workers and quotas through the API: looking, switching, deleting, limiting."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from jobs.models import Quota, WorkerEvent
from tests.jobs.factories import claim, make_job, make_worker
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db

SWITCHES = ("drain", "resume", "disable", "enable")
LIMITS = ("running_gpus", "running_jobs", "queued_jobs")
HUGE = 2**31


def call(method: str, path: str, body: Any = None) -> Any:
    send = getattr(owner(), method)
    return send(f"/api/v1/{path}", body, content_type="application/json")


class TestWorkers:
    def test_one_is_told_as_in_the_list(self) -> None:
        make_job()
        claim(make_worker("node-1", kinds=["eval", "command"]))
        told = call("get", "workers/node-1").json()
        assert told in call("get", "workers").json()["workers"]
        assert (told["id"], told["kinds"], told["projects"]) == ("node-1", ["eval", "command"], [])
        assert (told["draining"], told["disabled"]) == (False, False)

    def test_switches_are_turned_and_tell_how_they_stand(self) -> None:
        make_worker(now=timezone.now())
        for switch, status in (
            ("drain", "draining"),
            ("drain", "draining"),  # twice is once
            ("disable", "disabled"),
            ("resume", "disabled"),
            ("enable", "idle"),
            ("enable", "idle"),
        ):
            answer = post(owner(), f"/api/v1/workers/node1/{switch}")
            assert (answer.status_code, answer.json()["status"]) == (200, status), switch
        actors = WorkerEvent.objects.values_list("actor", flat=True)
        assert set(actors) == {"owner"}

    def test_it_serves_the_projects_that_it_is_told(self) -> None:
        make_worker()
        for projects in (["a", "b"], []):
            answer = call("patch", "workers/node1", {"projects": projects})
            assert (answer.status_code, answer.json()["projects"]) == (200, projects)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"projects": None},
            {"projects": "a"},
            {"projects": [""]},
            {"projects": ["x" * 101]},
            {"projects": ["a\0"]},
            {"projects": ["a"] * 1001},
            [],
        ],
    )
    def test_projects_that_cannot_be_meant_are_refused(self, body: Any) -> None:
        make_worker()
        answer = call("patch", "workers/node1", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_one_that_is_gone_is_deleted_and_one_that_is_there_is_not(self) -> None:
        make_worker("gone", now=timezone.now() - timedelta(hours=1))
        make_worker("here", now=timezone.now())
        assert call("delete", "workers/here").json()["code"] == "illegal_move"
        assert call("delete", "workers/gone").status_code == 200
        assert call("delete", "workers/nobody").status_code == 404

    @pytest.mark.parametrize("name", ["nobody", "x" * 500, "%F0%9F%90%8B", "a%20b"])
    def test_an_unknown_one_is_404(self, name: str) -> None:
        for switch in SWITCHES:
            assert post(owner(), f"/api/v1/workers/{name}/{switch}").status_code == 404
        assert call("get", f"workers/{name}").status_code == 404
        assert call("patch", f"workers/{name}", {"projects": []}).status_code == 404
        assert call("delete", f"workers/{name}").status_code == 404

    @pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 501}, {"cursor": "x"}])
    def test_a_query_that_cannot_be_meant_is_refused(self, query: dict[str, Any]) -> None:
        answer = owner().get("/api/v1/workers", query)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, list(query))

    @pytest.mark.parametrize("kinds", ["eval", [1.5, None], ["x" * 33], ["a"] * 101, [""]])
    def test_kinds_that_cannot_be_meant_are_refused(self, kinds: Any) -> None:
        told = {"worker_id": "n", "hostname": "n", "kinds": kinds}
        answer = post(owner(), "/api/v1/workers/register", told)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["kinds"])

    def test_kinds_arrive_with_the_registration(self) -> None:
        told = {"worker_id": "n", "hostname": "n", "kinds": ["eval"]}
        assert post(owner(), "/api/v1/workers/register", told).status_code == 200
        assert call("get", "workers/n").json()["kinds"] == ["eval"]


class TestQuotas:
    def test_they_are_set_replaced_listed_and_taken_away(self) -> None:
        one = {"running_gpus": 4, "running_jobs": None, "queued_jobs": 10}
        for _ in range(2):
            answer = call("put", "quotas/user/ada", one)
            assert (answer.status_code, answer.json()) == (
                200,
                {"scope": "user", "name": "ada"} | one,
            )
        each = call("put", "quotas/project", {"running_jobs": 0}).json()
        assert (each["name"], each["running_jobs"], each["running_gpus"]) == ("", 0, None)
        listed = call("get", "quotas").json()["quotas"]
        assert [(told["scope"], told["name"]) for told in listed] == [
            ("project", ""),
            ("user", "ada"),
        ]
        assert call("put", "quotas/user/ada", {}).json()["running_gpus"] is None
        for path in ("quotas/user/ada", "quotas/project"):
            assert call("delete", path).status_code == 200
            assert call("delete", path).status_code == 404
        assert not Quota.objects.exists()

    def test_a_name_may_hold_what_a_project_may(self) -> None:
        call("put", "quotas/project/team/a%20b", {"queued_jobs": 1})
        assert Quota.objects.get().name == "team/a b"

    def test_they_are_kept_to(self) -> None:
        call("put", "quotas/user", {"queued_jobs": 1})
        wish = {"command_argv": ["true"], "workdir": "/"}
        assert post(owner(), "/api/v1/jobs", wish).status_code == 200
        answer = post(owner(), "/api/v1/jobs", wish)
        assert (answer.status_code, answer.json()["code"]) == (409, "limit_reached")

    @pytest.mark.parametrize("field", LIMITS)
    @pytest.mark.parametrize("value", [-1, HUGE, 10**30, "x", 1.5, [1]])
    def test_a_limit_that_cannot_be_meant_is_refused(self, field: str, value: Any) -> None:
        answer = call("put", "quotas/user/ada", {field: value})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
        assert not Quota.objects.exists()

    @pytest.mark.parametrize("path", ["quotas/team/x", "quotas/team", f"quotas/user/{'x' * 151}"])
    @pytest.mark.parametrize("method", ["put", "delete"])
    def test_an_address_that_cannot_be_meant_is_refused(self, method: str, path: str) -> None:
        answer = call(method, path, {})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


class TestWhoMay:
    """What concerns everybody is changed by admins alone."""

    @pytest.fixture
    def member(self, client: Client) -> Client:
        client.force_login(get_user_model().objects.create_user("ada"))
        return client

    def test_a_member_may_look(self, member: Client) -> None:
        make_worker()
        for path in ("workers", "workers/node1", "quotas"):
            assert member.get(f"/api/v1/{path}").status_code == 200

    def test_a_member_may_not_change(self, member: Client) -> None:
        make_worker()
        calls = [("post", f"workers/node1/{switch}") for switch in SWITCHES]
        calls += [("patch", "workers/node1"), ("delete", "workers/node1")]
        calls += [("put", "quotas/user/ada"), ("delete", "quotas/user")]
        for method, path in calls:
            answer = getattr(member, method)(f"/api/v1/{path}", {}, content_type="application/json")
            assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied"), path

"""The shape of every error, the headers of every page, the Host, and the document that describes the API."""

import json
import logging
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator

from jobs import selectors
from runs.errors import DomainError
from runs.models import Run
from tests.site.asking import owner, post
from whirr_site.errors import STATUS

pytestmark = pytest.mark.django_db


def every_kind(parent: type[DomainError]) -> set[type[DomainError]]:
    return {parent} | {kind for child in parent.__subclasses__() for kind in every_kind(child)}


def test_every_domain_error_has_a_status() -> None:
    assert {kind.code for kind in every_kind(DomainError)} <= set(STATUS)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/jobs/99999999", 404, "not_found"),
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/api/v1/runs/job-99999999", 404, "not_found"),
        ("DELETE", "/api/v1/jobs", 405, "method_not_allowed"),
        ("PUT", "/api/v1/jobs/1", 405, "method_not_allowed"),
        ("GET", "/api/v1/jobs?limit=x", 400, "invalid"),
        ("POST", "/api/v1/jobs", 400, "invalid"),
        ("GET", "/api/v1/runs/a%00b", 400, "invalid"),
    ],
)
def test_every_error_has_the_one_shape(method: str, path: str, status: int, code: str) -> None:
    answer = owner().generic(method, path, "{}", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert isinstance(answer.json()["detail"], str)
    assert set(answer.json()) <= {"detail", "code", "fields"}
    assert answer["content-type"].startswith("application/json")


def test_json_that_cannot_be_read_says_so() -> None:
    answer = owner().post("/api/v1/jobs", "{", content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_bug_is_500_in_the_same_shape_and_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def bug(**_wanted: Any) -> Any:
        raise RuntimeError("canary")

    monkeypatch.setattr(selectors, "jobs", bug)
    answer = owner(raise_request_exception=False).get("/api/v1/jobs")
    assert (answer.status_code, answer.json()["code"]) == (500, "error")
    assert b"canary" not in answer.content


def test_an_error_repeats_no_header() -> None:
    answer = owner().post("/api/v1/jobs", b"{}", content_type="x/canary")
    assert answer.status_code == 415
    assert answer["content-type"] == "application/json"


class TestTheHost:
    @pytest.mark.parametrize(
        "host", ["evil.example", "testserver.evil.example", "", "a b", "[::2]"]
    )
    def test_another_one_is_refused(self, host: str) -> None:
        for path in ("/health", "/enter", "/api/v1/jobs", "/", "/admin/"):
            answer = owner().get(path, headers={"host": host})
            assert answer.status_code == 400, path
            assert b"evil" not in answer.content

    def test_the_api_refuses_it_in_its_own_shape(self) -> None:
        answer = owner().get("/api/v1/jobs", headers={"host": "evil.example"})
        assert answer.json()["code"] == "invalid"

    def test_a_forwarded_one_is_not_believed(self) -> None:
        headers = {"host": "evil.example", "x-forwarded-host": "testserver"}
        assert owner().get("/health", headers=headers).status_code == 400


class TestHeaders:
    @pytest.mark.parametrize(
        "path",
        [
            *("/", "/enter", "/runs/", "/submit/", "/api/v1/jobs", "/health", "/palette.json"),
            *("/nothing", "/runs/job-99999999/", "/api/v1/nothing", "/admin/", "/admin/jobs/job/"),
            *("/api/docs/", "/api/schema/", "/static/dashboard/app.js", "/runs", "/favicon.ico"),
        ],
    )
    def test_every_answer_forbids_what_is_not_its_own(self, path: str) -> None:
        answer = owner().get(path)
        answer.close()
        policy = policy_of(answer)
        for directive in ("default-src", "script-src", "style-src", "connect-src", "worker-src"):
            assert policy[directive] == "'self'"
        for directive in ("object-src", "frame-src", "frame-ancestors", "base-uri"):
            assert policy[directive] == "'none'"
        assert policy["form-action"] == "'self'"
        assert "unsafe" not in answer["content-security-policy"]
        assert answer["x-content-type-options"] == "nosniff"
        assert answer["referrer-policy"] == "same-origin"
        assert answer["cross-origin-opener-policy"] == "same-origin"
        assert answer["cross-origin-resource-policy"] == "same-origin"
        assert "camera=()" in answer["permissions-policy"]

    @pytest.mark.parametrize("path", ["/", "/api/v1/jobs", "/admin/", "/runs/job-1/head"])
    def test_a_refusal_has_no_looser_policy(self, path: str) -> None:
        """Whoever is nobody, another host, a form without its token, a bug: answers of the outer layers."""
        hidden = Client(raise_request_exception=False)
        answers = [hidden.get(path), hidden.post(path), hidden.get(path, headers={"host": "evil"})]
        for answer in answers:
            assert answer.status_code in (302, 400, 401, 403)
            assert policy_of(answer) == policy_of(owner().get("/"))

    def test_pages_are_in_no_frame(self) -> None:
        assert owner().get("/")["x-frame-options"] == "DENY"

    def test_the_documentation_loads_nothing_from_elsewhere_either(self) -> None:
        answer = owner().get("/api/docs/")
        assert b"http://" not in answer.content.replace(b"http://testserver", b"")
        assert b"https://" not in answer.content
        assert b"<style" not in answer.content
        assert b"style=" not in answer.content


def policy_of(answer: Any) -> dict[str, str]:
    """The Content-Security-Policy by directive."""
    parts = answer["content-security-policy"].split(";")
    return dict(part.strip().split(" ", 1) for part in parts)


class TestTheDocument:
    def test_it_is_generated_without_a_warning(
        self, caplog: pytest.LogCaptureFixture, capsys: Any
    ) -> None:
        GENERATOR_STATS.reset()
        with caplog.at_level(logging.WARNING):
            generator: Any = SchemaGenerator
            document = generator().get_schema(request=None, public=True)
        assert not GENERATOR_STATS, capsys.readouterr().err
        assert document["info"]["title"] == "whirr"
        assert not caplog.records

    def test_it_names_every_call_of_the_wire_once(self) -> None:
        answer = owner().get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"})
        document = json.loads(answer.content)
        operations = [
            operation["operationId"]
            for path in document["paths"].values()
            for operation in path.values()
        ]
        assert len(operations) == len(set(operations)) > 20
        assert "/api/v1/workers/{worker_id}/sync" in document["paths"]
        (scheme,) = document["components"]["securitySchemes"].values()
        assert scheme["scheme"] == "bearer"


def test_health_tells_nothing_but_that_it_answers() -> None:
    answer = Client().get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})


def test_a_name_that_is_html_is_told_as_text() -> None:
    hostile = "<script>alert(1)</script>"
    told = post(owner(), "/api/v1/jobs", {"command_argv": ["x"], "workdir": "/", "name": hostile})
    assert told.status_code == 200
    page = owner().get("/runs/").content.decode()
    assert hostile not in page
    assert Run.objects.get().name == hostile

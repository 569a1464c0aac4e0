"""The door for browsers, and what a session may do: with a CSRF token, from our own pages, in JSON."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from jobs.models import Job
from tests.site.asking import owner
from whirr_site.access import principals
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db

GOOD = {"command_argv": ["true"], "workdir": "/"}
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")


def entered(**options: Any) -> Client:
    client = Client(**options)
    answer = client.post("/enter", {"secret": startup_secret()})
    assert answer.status_code == 302
    return client


class TestTheDoor:
    def test_the_secret_opens_a_session(self) -> None:
        client = entered()
        assert client.get("/api/v1/jobs").status_code == 200
        assert client.cookies["whirr_session"]["httponly"]
        assert client.cookies["whirr_session"]["samesite"] == "Strict"

    @pytest.mark.parametrize("secret", ["", " ", "wrong", "\0", "x" * 10_000, "ü\ud7ff"])
    def test_nothing_else_does(self, secret: str) -> None:
        client = Client()
        answer = client.post("/enter", {"secret": secret})
        assert answer.status_code == (400 if "\0" in secret else 403)
        assert "whirr_session" not in client.cookies
        assert startup_secret() not in answer.content.decode()

    def test_an_emptied_secret_file_opens_it_to_nobody(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(principals, "startup_secret", lambda: "")
        assert Client().post("/enter", {"secret": ""}).status_code == 403

    def test_it_stands_under_the_check_against_forged_requests(self) -> None:
        client = Client(enforce_csrf_checks=True)
        assert client.post("/enter", {"secret": startup_secret()}).status_code == 403

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "http:evil.example",
            "https:///evil.example",
            " //evil.example",
            "\t//evil.example",
            "data:text/html,x",
            "",
        ],
    )
    def test_it_leads_to_no_other_site(self, target: str) -> None:
        answer = Client().post("/enter", {"secret": startup_secret(), "next": target})
        assert answer["location"] == "/"
        page = Client().get("/enter", {"next": target})
        assert "evil.example" not in page.content.decode()

    def test_it_leads_back_to_the_page_that_was_wanted(self) -> None:
        body = {"secret": startup_secret(), "next": "/runs/?tag=a"}
        assert Client().post("/enter", body)["location"] == "/runs/?tag=a"

    def test_the_secret_is_compared_in_constant_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        compared: list[tuple[bytes, bytes]] = []

        def compare(given: bytes, ours: bytes) -> bool:
            compared.append((given, ours))
            return False

        monkeypatch.setattr("whirr_site.access.principals.hmac.compare_digest", compare)
        assert not principals.is_startup_secret(startup_secret())
        ((given, ours),) = compared
        assert given == ours
        assert len(given) == 32


class TestASession:
    def test_it_needs_a_csrf_token_to_change_anything(self) -> None:
        client = entered()
        client.handler.enforce_csrf_checks = True
        answer = client.post("/api/v1/jobs", GOOD, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
        for method in UNSAFE:
            assert client.generic(method, "/api/v1/jobs/1/cancel").status_code == 403
        assert not Job.objects.exists()

    def test_with_one_it_may(self) -> None:
        client = entered()
        client.handler.enforce_csrf_checks = True
        token = client.cookies["whirr_csrf"].value
        answer = client.post(
            "/api/v1/jobs",
            GOOD,
            content_type="application/json",
            headers={"x-csrftoken": token, "origin": "http://testserver"},
        )
        assert answer.status_code == 200, answer.content

    def test_a_token_from_another_site_does_not_help(self) -> None:
        client = entered()
        client.handler.enforce_csrf_checks = True
        headers = {
            "x-csrftoken": client.cookies["whirr_csrf"].value,
            "origin": "https://evil.example",
        }
        answer = client.post("/api/v1/jobs", GOOD, content_type="application/json", headers=headers)
        assert answer.status_code == 403

    @pytest.mark.parametrize(
        "kind",
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
    )
    def test_a_body_that_a_foreign_form_could_send_is_refused(self, kind: str) -> None:
        answer = owner().generic(
            "POST", "/api/v1/jobs", b'{"command_argv": ["x"]}', content_type=kind
        )
        assert answer.status_code in (400, 415)
        assert set(answer.json()) >= {"detail", "code"}
        assert not Job.objects.exists()

    @pytest.mark.parametrize(
        ("change", "status"), [({"is_active": False}, 401), ({"is_superuser": False}, 403)]
    )
    def test_it_may_what_its_account_may_now(self, change: dict[str, bool], status: int) -> None:
        client = entered()
        get_user_model().objects.update(**change)
        answer = client.post(
            "/api/v1/workers/register",
            {"worker_id": "a", "hostname": "b"},
            content_type="application/json",
        )
        assert answer.status_code == status

    def test_the_owner_has_no_password(self) -> None:
        entered()
        account = get_user_model().objects.get()
        assert not account.has_usable_password()


class TestWithoutAuthentication:
    @pytest.fixture(autouse=True)
    def none(self, settings: Settings) -> None:
        settings.WHIRR_AUTH = "none"

    def test_everybody_may_everything(self) -> None:
        assert Client().get("/").status_code == 200
        answer = Client().post("/api/v1/jobs", GOOD, content_type="application/json")
        assert answer.status_code == 200
        assert Job.objects.get().user == "anonymous"

    def test_a_page_of_another_site_may_nothing(self) -> None:
        """A form of any page in the person's browser reaches 127.0.0.1, too."""
        client = Client(enforce_csrf_checks=True)
        for path in (
            "/api/v1/jobs/cancel-queued",
            "/api/v1/jobs/1/cancel",
            "/api/v1/workers/a/unregister",
        ):
            for origin in ("https://evil.example", "null", "http://localhost:9999"):
                answer = client.generic(
                    "POST", path, b"x=1", content_type="text/plain", headers={"origin": origin}
                )
                assert answer.status_code == 403, (path, origin)

    def test_another_host_is_refused(self) -> None:
        assert Client().get("/api/v1/jobs", headers={"host": "evil.example"}).status_code == 400

"""Where a person acts from: kept beside the name, and never what a stranger wrote into a header."""

from ipaddress import ip_network
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client, RequestFactory

from jobs.models import JobEvent, WorkerEvent
from tests.dashboard.conftest import begin
from tests.jobs import factories
from tests.site.asking import owner, post
from whirr_site.access import addresses
from whirr_site.access.principals import owner_account
from whirr_site.settings import env

PROXIES = [ip_network("10.0.0.0/24"), ip_network("fd00::1")]


@pytest.mark.parametrize(
    ("peer", "told", "meant"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "198.51.100.1", "192.0.2.7"),  # no proxy of ours
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.1", "198.51.100.1"),  # the left one is invented
        ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "<script>, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("", "198.51.100.1", ""),
        ("10.0.0.1", "10.0.0.2," * 5000, "10.0.0.1"),
        ("10.0.0.1", "fe80::1%" + "a" * 500, "fe80::1"),  # the column has room for 45 characters
        ("10.0.0.1", "[fe80::1%eth0]:443", "fe80::1"),
        ("fe80::1%eth0", "", "fe80::1"),
        ("10.0.0.1", "1.2.3.4:5678", "1.2.3.4"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("10.0.0.1", "[2001:db8::1]", "2001:db8::1"),
        ("10.0.0.1", "198.51.100.1, 10.0.0.2:80", "198.51.100.1"),  # a proxy of ours
        ("10.0.0.1", "1.2.3.4:123456", "10.0.0.1"),
        ("10.0.0.1", "1.2.3.4%eth0", "10.0.0.1"),
        ("10.0.0.1", "[]:80", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::1", "10.0.0.1"),
    ],
)
def test_the_address_of_a_request(peer: str, told: str, meant: str, settings: Any) -> None:
    settings.WHIRR_TRUSTED_PROXIES = PROXIES
    request = RequestFactory().get("/", headers={"x-forwarded-for": told}, REMOTE_ADDR=peer)
    assert addresses.of_request(request) == meant


def test_proxies_are_addresses_or_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHIRR_X", "10.0.0.1, fd00::/8")
    assert env.networks("WHIRR_X") == [ip_network("10.0.0.1"), ip_network("fd00::/8")]
    monkeypatch.setenv("WHIRR_X", "proxy.example")
    with pytest.raises(ImproperlyConfigured, match="WHIRR_X must be addresses and networks"):
        env.networks("WHIRR_X")


@pytest.mark.django_db
def test_a_persons_address_is_kept_from_the_api_the_pages_and_the_admin(data_dir: Any) -> None:
    job = factories.make_job()
    post(owner(REMOTE_ADDR="192.0.2.1"), f"/api/v1/jobs/{job.pk}/hold")
    pages = Client(REMOTE_ADDR="192.0.2.2")
    pages.force_login(owner_account())
    pages.post(f"/jobs/{job.pk}/release")
    form = {"name": "", "priority": "5"}
    pages.post(f"/admin/jobs/job/{job.pk}/change/", form | _inlines(), REMOTE_ADDR="192.0.2.3")

    events = JobEvent.objects.order_by("pk").values_list("kind", "actor", "address")
    assert list(events) == [
        ("submitted", "ada", ""),
        ("held", "owner", "192.0.2.1"),
        ("unheld", "owner", "192.0.2.2"),
        ("priority", "owner", "192.0.2.3"),
    ]
    assert "192.0.2.3" in pages.get(f"/admin/jobs/job/{job.pk}/change/").content.decode()
    assert "192.0.2.1" in pages.get("/admin/jobs/jobevent/").content.decode()


@pytest.mark.django_db
def test_what_agents_do_has_no_address_and_what_people_do_to_workers_has_one(data_dir: Any) -> None:
    attempt = begin()
    with addresses.acting(frozenset({"owner"}), "192.0.2.1"):
        factories.finish(attempt)
        begin()
    assert set(JobEvent.objects.values_list("address", flat=True)) == {""}
    post(owner(REMOTE_ADDR="192.0.2.1"), "/api/v1/workers/node1/drain")
    assert WorkerEvent.objects.get().address == "192.0.2.1"
    assert addresses.of_actor("owner") == ""


@pytest.mark.django_db
def test_where_everybody_may_do_everything_the_admins_own_name_has_an_address(
    settings: Any, data_dir: Any
) -> None:
    settings.WHIRR_AUTH = "none"
    job = factories.make_job()
    Client(REMOTE_ADDR="192.0.2.3").post(
        f"/admin/jobs/job/{job.pk}/change/", {"name": "", "priority": "5"} | _inlines()
    )
    assert job.events.get(kind="priority").address == "192.0.2.3"


def _inlines() -> dict[str, str]:
    return {
        f"{prefix}-{part}": "0"
        for prefix in ("attempts", "dependencies", "events")
        for part in ("TOTAL_FORMS", "INITIAL_FORMS")
    }

"""Readers of the environment: what cannot be meant stops the start in one sentence that names the variable."""

import os
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from whirr_site.settings import env, keys, postgres
from whirr_site.starting import check_address, is_loopback


@pytest.fixture
def value(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda text: monkeypatch.setenv("WHIRR_X", text)


@pytest.mark.parametrize(
    ("text", "meant"), [("1", True), ("TRUE", True), (" on ", True), ("no", False), ("0", False)]
)
def test_a_flag(value: Any, text: str, meant: bool) -> None:
    value(text)
    assert env.flag("WHIRR_X", default=not meant) is meant


@pytest.mark.parametrize("default", [True, False])
def test_a_flag_that_is_empty_is_its_default(value: Any, default: bool) -> None:
    value("  ")
    assert env.flag("WHIRR_X", default=default) is default


@pytest.mark.parametrize("text", ["flase", "2", "yes please", "нет"])
def test_a_flag_that_is_mistyped_stops_the_start(value: Any, text: str) -> None:
    value(text)
    with pytest.raises(ImproperlyConfigured, match=r"WHIRR_X=.*true nor false"):
        env.flag("WHIRR_X", default=True)


@pytest.mark.parametrize(("text", "meant"), [("0", 0), ("10", 10), ("", 3)])
def test_a_whole_number(value: Any, text: str, meant: int) -> None:
    value(text)
    assert env.whole("WHIRR_X", 3, least=0, most=10) == meant


@pytest.mark.parametrize(
    "text", ["-1", "11", "x", "1.5", "--5", "²", "9" * 5000, "1e1", "0x1", "-"]
)
def test_a_number_that_cannot_be_meant_stops_the_start(value: Any, text: str) -> None:
    value(text)
    with pytest.raises(ImproperlyConfigured, match=r"WHIRR_X=.*from 0 to 10"):
        env.whole("WHIRR_X", 3, least=0, most=10)


def test_a_word_is_one_of_a_few(value: Any) -> None:
    value("none")
    assert env.choice("WHIRR_X", "token", among=("token", "none")) == "none"
    value("None")
    with pytest.raises(ImproperlyConfigured, match="token, none"):
        env.choice("WHIRR_X", "token", among=("token", "none"))


def test_names_stand_between_commas(value: Any) -> None:
    value(" a, ,b ,")
    assert env.names("WHIRR_X") == ["a", "b"]
    value("")
    assert env.names("WHIRR_X", ("c",)) == ["c"]


class TestAFolder:
    def test_it_is_made_for_its_owner_alone(self, value: Any, tmp_path: Path) -> None:
        value(str(tmp_path / "a" / "b"))
        folder = env.folder("WHIRR_X", ".whirr")
        assert folder.stat().st_mode & 0o777 == 0o700

    def test_a_file_in_its_place_stops_the_start(self, value: Any, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        value(str(tmp_path / "file"))
        with pytest.raises(ImproperlyConfigured, match="WHIRR_X: cannot use the folder"):
            env.folder("WHIRR_X", ".whirr")

    def test_a_folder_that_cannot_be_made_stops_the_start(self, value: Any) -> None:
        value("/proc/none/such")
        with pytest.raises(ImproperlyConfigured, match="WHIRR_X"):
            env.folder("WHIRR_X", ".whirr")


def test_a_url_is_not_repeated_since_it_may_hold_a_password(value: Any) -> None:
    value("mysql://user:canary@host/db")
    with pytest.raises(ImproperlyConfigured) as refusal:
        env.url("WHIRR_X", schemes=("postgresql",))
    assert "canary" not in str(refusal.value)
    assert "postgresql://" in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:canary@host:port/db",
        "postgresql://u:canary@h/?x=y",
        "postgresql://u:canary@host",
    ],
)
def test_a_database_url_that_libpq_cannot_read_stops_the_start(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refusal:
        postgres.database(url, pool_size=2)
    assert "canary" not in str(refusal.value)


def test_a_database_url_is_taken_apart() -> None:
    entry = postgres.database("postgresql://u:p%40w@h:5433/name?sslmode=require", pool_size=7)
    named = {key: entry[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert named == {"NAME": "name", "USER": "u", "PASSWORD": "p@w", "HOST": "h", "PORT": "5433"}
    assert entry["OPTIONS"]["sslmode"] == "require"
    assert entry["OPTIONS"]["pool"]["max_size"] == 7


class TestSecrets:
    def test_one_is_made_once_and_for_its_owner_alone(self, tmp_path: Path) -> None:
        secret = keys.read_or_make(tmp_path / "secret")
        assert len(secret) >= 43
        assert keys.read_or_make(tmp_path / "secret") == secret
        assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["secret"]

    def test_two_that_start_at_once_agree(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        link = os.link

        def overtaken(draft: Any, path: Path) -> None:
            path.write_text("first\n")
            link(draft, path)

        monkeypatch.setattr(os, "link", overtaken)
        assert keys.read_or_make(tmp_path / "secret") == "first"
        assert [path.name for path in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("192.168.1.1", False),
        ("localhost.evil.example", False),
    ],
)
def test_what_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("host", "auth", "trusted", "debug", "refused"),
    [
        ("127.0.0.1", "none", False, True, ""),
        ("0.0.0.0", "token", False, False, ""),
        ("0.0.0.0", "none", False, False, "WHIRR_AUTH=none"),
        ("0.0.0.0", "none", True, False, ""),
        ("0.0.0.0", "token", True, True, "WHIRR_DEBUG"),
        ("", "none", False, False, "WHIRR_AUTH=none"),
    ],
)
def test_which_addresses_are_safe(
    host: str, auth: str, trusted: bool, debug: bool, refused: str
) -> None:
    sentence = check_address(host, auth=auth, trusted_network=trusted, debug=debug)
    assert sentence.startswith(refused) if refused else sentence == ""

"""The web process with a wrong setting: one sentence on stderr, exit code 2, no traceback, nothing listens."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "whirr_site.web", "--port", "0", *options],
        cwd=ROOT,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("WHIRR_MODE", "cluster", "embedded, server"),
        ("WHIRR_DEBUG", "flase", "neither true nor false"),
        ("WHIRR_AUTH", "off", "token, none"),
        ("WHIRR_TRUSTED_NETWORK", "perhaps", "neither true nor false"),
        ("WHIRR_RESTART_GRACE_SECONDS", "--5", "from 0 to 3600"),
        ("WHIRR_LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("WHIRR_DATA_DIR", "/dev/null", "cannot use the folder"),
        ("WHIRR_DATABASE_URL", "postgresql://u:canary@h/d", "WHIRR_MODE=server"),
    ],
)
def test_a_wrong_value_is_one_sentence(
    variable: str, value: str, said: str, tmp_path: Path
) -> None:
    ended = start(**{"WHIRR_DATA_DIR": str(tmp_path / "data"), variable: value})
    assert ended.returncode == 2
    (sentence,) = ended.stderr.splitlines()
    assert sentence.startswith("whirr: ")
    assert variable in sentence
    assert said in sentence
    assert "canary" not in sentence
    assert ended.stdout == ""


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("WHIRR_DATABASE_URL", "mysql://u:canary@h/d", "postgresql://"),
        ("WHIRR_DATABASE_URL", "postgresql://u:canary@h:port/d", "no number"),
        ("WHIRR_DATABASE_URL", "postgresql://u:canary@h", "names no database"),
        ("WHIRR_REDIS_URL", "http://u:canary@h", "redis://"),
    ],
)
def test_a_wrong_url_of_server_mode_is_one_sentence_without_its_password(
    variable: str, value: str, said: str, tmp_path: Path
) -> None:
    ended = start(WHIRR_MODE="server", WHIRR_DATA_DIR=str(tmp_path / "data"), **{variable: value})
    assert ended.returncode == 2
    (sentence,) = ended.stderr.splitlines()
    assert variable in sentence
    assert said in sentence
    assert "canary" not in sentence


@pytest.mark.parametrize("variables", [{"WHIRR_AUTH": "none"}, {"WHIRR_DEBUG": "1"}])
def test_an_address_that_is_not_safe_is_refused(variables: dict[str, str], tmp_path: Path) -> None:
    ended = start("--host", "0.0.0.0", WHIRR_DATA_DIR=str(tmp_path / "data"), **variables)
    assert ended.returncode == 2
    (sentence,) = ended.stderr.splitlines()
    assert sentence.startswith("whirr: ")
    assert next(iter(variables)) in sentence

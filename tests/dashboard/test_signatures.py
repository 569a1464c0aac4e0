"""Failures that are the same but for names, numbers and places are told as one."""

import pytest

from dashboard.night import signatures
from tests.dashboard.conftest import OOM

pytestmark = pytest.mark.django_db


class TestSignatures:
    @pytest.mark.parametrize(
        ("one", "other"),
        [
            (
                OOM.format(who="ada", line=118, size=2.5, gpu=0),
                OOM.format(who="bob", line=7, size=11, gpu=3),
            ),
            ("ValueError: shape (3, 4) is wrong", "ValueError: shape (17, 1) is wrong"),
            ("KeyError: 'loss'", "KeyError: 'accuracy'"),
            ("bash: /opt/a/b: not found", "bash: /home/x/y/z: not found"),
            ("Segmentation fault at 0xdeadbeef", "Segmentation fault at 0x7f00"),
        ],
    )
    def test_what_differs_from_run_to_run_is_left_out(self, one: str, other: str) -> None:
        found = [signatures.of(text.splitlines(), reason="").key for text in (one, other)]
        assert found[0] == found[1]

    def test_other_failures_are_others(self) -> None:
        said = ["ValueError: no", "KeyError: no", "Killed", "CUDA out of memory"]
        assert len({signatures.of([line], reason="").key for line in said}) == len(said)

    @pytest.mark.parametrize(
        ("lines", "reason", "words"),
        [
            ([OOM.format(who="a", line=1, size=1, gpu=0)], "", "CUDA out of memory"),
            (["a.b.MyError: it. And more."], "exit code 1", "MyError: it"),
            (["epoch 3", "done"], "exit code 1", "exit code 1"),
            ([], "", "failed without a word"),
            (["fatal: no disk", "epoch 4"], "", "fatal: no disk"),
            (["\x00\udcff", "x" * 10_000 + " error"], "", "x" * 159 + "…"),
        ],
    )
    def test_people_are_told_in_few_words(self, lines: list[str], reason: str, words: str) -> None:
        text = [part for line in lines for part in line.splitlines() or [line]]
        assert signatures.of(text, reason=reason).words == words

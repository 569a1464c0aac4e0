"""What of the compare page can be taken along, and whose uncommitted changes differ."""

from typing import Any

import pytest
from django.test import Client

from dashboard.comparing import code, export, grids, parts
from dashboard.comparing.directions import Directions
from runs import documents
from runs.models import Run
from tests.dashboard.test_compare import get, run_with

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


class TestTakingAlong:
    def table(self, runs: list[Run], part: str, form: str, **more: Any) -> str:
        told: dict[str, Any] = {"shown": "last", "everything": False, "directions": Directions()}
        return export.table(parts.part(part, runs), runs, form=form, **(told | more))

    def test_csv_has_what_differs_or_all(self) -> None:
        runs = [run_with({"lr": 1, "d": 2}), run_with({"lr": 3, "d": 2})]
        assert self.table(runs, "config", "csv").splitlines()[2:] == ["lr,1,3"]
        assert len(self.table(runs, "config", "csv", everything=True).splitlines()) == 4

    def test_a_formula_is_no_formula_any_more_and_a_number_stays_one(self) -> None:
        runs = [run_with({"=x": "=cmd()", "n": -5}), run_with({"n": "+a"})]
        text = self.table(runs, "config", "csv")
        assert "'=x,'=cmd()," in text
        assert "-5,'+a" in text

    def test_latex_prints_any_text_and_marks_the_best(self) -> None:
        runs = [run_with({"a_b": r"50% & \x{}~^#$<>|"}, loss=[2.0]), run_with({}, loss=[1.0])]
        text = self.table(runs, "config", "tex")
        assert r"a\_b & 50\% \& \textbackslash{}x\{\}\textasciitilde{}" in text
        assert r"loss & 2 & \textbf{1} \\" in self.table(runs, "metrics", "tex")

    def test_what_only_looks_like_a_number_is_not_rounded(self) -> None:
        runs = [run_with({"seed": 20240117, "version": "v 1.10", "n": "1.10"}), run_with({})]
        text = self.table(runs, "config", "tex")
        assert "seed & 20240117 &" in text
        assert '"1.10" &' in text
        packages = parts.Part("packages", rows=[grids.Row("torch", ["1.10", "1.9"])])
        assert r"torch & 1.10 & 1.9 \\" in export.table(
            packages, runs, form="tex", shown="last", everything=True, directions=Directions()
        )

    def test_it_comes_as_a_file(self, browser: Client) -> None:
        answer = get(browser, "export", [run_with({"lr": 1})], part="config", format="tex")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="compare-config.tex"'
        assert answer.content.startswith(b"\\begin{tabular}")

    @pytest.mark.parametrize("query", [{"format": "exe"}, {"shown": "most"}])
    def test_what_cannot_be_had_is_refused(self, query: dict[str, str], browser: Client) -> None:
        answer = get(browser, "export", [run_with(loss=[1.0])], part="metrics", **query)
        assert answer.status_code == 400


class TestCode:
    PATCH = (
        "diff --git a/{name} b/{name}\nindex {blob}..2 100644\n--- a/{name}\n+++ b/{name}\n"
        "@@ -{at},2 +{at},2 @@ def f():\n-old\n+{new}\n same\n"
    )

    def with_diff(self, *files: dict[str, Any]) -> Run:
        run = run_with()
        told = [
            self.PATCH.format(**{"name": "a.py", "blob": "1", "at": 1, "new": "x"} | each)
            for each in files
        ]
        documents.put(run, 1, "git.diff", "".join(told).encode())
        return run

    def test_files_that_changed_differently_are_shown_line_by_line(self) -> None:
        left = self.with_diff({"new": "one"}, {"name": "b c.py"})
        right = self.with_diff({"new": "two"}, {"name": "b c.py"}, {"name": "d.py"})
        told = code.between(left, right)
        assert [(each.name, each.told) for each in told.files] == [
            ("a.py", "changed in both, differently"),
            ("d.py", "changed in the right run alone"),
        ]
        assert told.same == 1
        kinds = [(each.kind, each.text) for each in told.files[0].lines if each.kind != "same"]
        assert kinds == [("place", ""), ("left", "+one"), ("right", "+two")]

    def test_line_numbers_and_blob_names_alone_are_no_difference(self) -> None:
        told = code.between(self.with_diff({"at": 1}), self.with_diff({"at": 90, "blob": "7"}))
        assert (told.files, told.same) == ([], 1)

    def test_long_files_are_said_to_be_too_long(self) -> None:
        long = [self.with_diff({"new": "\n+".join(f"{n}{k}" for n in range(4000))}) for k in "ab"]
        (file,) = code.between(*long).files
        assert "too long to show line by line" in file.told
        assert file.lines == []

    @pytest.mark.parametrize("data", [b"\0\1\2", b"no diff at all", b"\xff" * 9, b"diff --git\n"])
    def test_what_is_no_diff_breaks_nothing(self, data: bytes, browser: Client) -> None:
        left, right = run_with(), run_with()
        documents.put(left, 1, "git.diff", data)
        answer = browser.get("/compare/code", {"left": left.key, "right": right.key})
        assert answer.status_code == 200

    def test_a_run_that_is_not_there_is_said(self, browser: Client) -> None:
        assert browser.get("/compare/code", {"left": "job-9", "right": ""}).status_code == 404

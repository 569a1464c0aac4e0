"""What the page of a run says of its packages, its code and its environment."""

import json
from typing import Any

import pytest
from django.test import Client

from dashboard.run_sections import changes, environment
from runs import documents
from runs.models import Run
from tests.dashboard.conftest import begin, run_of
from tests.jobs import factories

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
DIFF = """diff --git a/a.py b/a.py
--- a/a.py
+++ b/a.py
@@ -1,3 +1,3 @@ def f():
 one
-two
+<script>
\\ No newline at end of file
diff --git a/pic.png b/pic.png
Binary files a/pic.png and b/pic.png differ
diff --git a/old b/new name
rename from old
rename to new name
"""


class TestWhatItRanFrom:
    def put(self, run: Run, **documents_: Any) -> None:
        for name, data in documents_.items():
            raw = data if isinstance(data, bytes) else json.dumps(data).encode()
            documents.put(run, 1, name.replace("_", "."), raw)

    def test_packages_are_compared_with_the_run_before(self) -> None:
        worker = factories.make_worker("node1", gpus=4)
        first = run_of(begin(worker, name="x"))
        second = run_of(begin(worker, name="x"))
        self.put(first, requirements_txt=b"a==1\nb==2\nc==1\n")
        self.put(second, requirements_txt=b"a==1\nb==3\nd==1\n# odd\n-e git\n")
        found = environment.environment(second, None, None, 1)
        assert found.packages == {"a": "1", "b": "3", "d": "1"}
        assert found.before == environment.Before(first, 3)

    @pytest.mark.parametrize(
        "git", [b"", b"[]", b"{", b'{"commit": 7}', b'{"commit": "x", "untracked": {}}', b"\xff"]
    )
    def test_odd_documents_break_no_page(self, git: bytes, browser: Client) -> None:
        run = run_of(begin())
        self.put(run, git_json=git, requirements_txt=b"\xff\x00==", git_diff=b"\xff\x00@@ -1")
        for part in ("environment", "code", "code/file?file=0", "events"):
            assert browser.get(f"/runs/{run.key}/{part}").status_code in (200, 404)
        assert browser.get(f"/runs/{run.key}/code/file?file=99").status_code == 404

    def test_a_diff_is_read_file_by_file(self, browser: Client) -> None:
        run = run_of(begin())
        self.put(run, git_diff=DIFF.encode())
        found = changes.changes(run, 1)
        assert [(each.name, each.added, each.removed, each.told) for each in found.files] == [
            ("a.py", 1, 1, ""),
            ("pic.png", 0, 0, "binary"),
            ("new name", 0, 0, "renamed"),
        ]
        lines, left = changes.lines_of(found.files[0])
        assert [(each.kind, each.old, each.new) for each in lines] == [
            ("place", None, None),
            ("same", 1, 1),
            ("old", 2, None),
            ("new", None, 2),
            ("note", None, None),
        ]
        assert left == 0
        page = browser.get(f"/runs/{run.key}/code").content.decode()
        assert "<script>" not in page
        assert '<span class="o">&lt;</span>' in page

    @pytest.mark.parametrize(("told", "shown"), [(True, True), (False, False), (None, False)])
    def test_the_library_says_whether_it_cut_the_diff(self, told: object, shown: object) -> None:
        run = run_of(begin())
        self.put(run, git_diff=DIFF.encode(), git_json={"commit": "x", "diff_truncated": told})
        assert changes.changes(run, 1).is_cut is shown

    def test_a_diff_of_exactly_as_much_as_is_kept_was_not_cut(self) -> None:
        run = run_of(begin())
        whole = DIFF + " " * (changes.KEPT - len(DIFF))
        self.put(run, git_diff=whole.encode())
        assert changes.changes(run, 1).is_cut  # nobody said: it looks so
        self.put(run, git_json={"commit": "x", "diff_truncated": False})
        assert not changes.changes(run, 1).is_cut

    def test_a_large_diff_is_folded_and_all_of_it_can_be_had(self, browser: Client) -> None:
        run = run_of(begin())
        many = "".join(f"+line {n}\n" for n in range(5000))
        head = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -0,0 +1,5000 @@\n"
        self.put(run, git_diff=(head + many).encode())
        page = browser.get(f"/runs/{run.key}/code").content.decode()
        assert "line 4999" not in page
        some = browser.get(f"/runs/{run.key}/code/file?file=0").content.decode()
        assert "2001 more lines" in some
        whole = browser.get(f"/runs/{run.key}/code/file?file=0&all=1").content.decode()
        assert "line 4999" in whole

    def test_values_of_variables_are_told_to_nobody(self, browser: Client) -> None:
        attempt = begin(env={"WANDB_API_KEY": "very-secret-value"})
        page = browser.get(f"/runs/{run_of(attempt).key}/environment").content.decode()
        assert "WANDB_API_KEY" in page
        assert "very-secret-value" not in page

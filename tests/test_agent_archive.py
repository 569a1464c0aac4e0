"""The agent in one file: the same bytes each time, and it runs where nothing is installed."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.imports import imports, is_inside, module_name

ROOT = Path(__file__).resolve().parent.parent


def build(target: Path) -> Path:
    script = ROOT / "scripts" / "build_agent.py"
    subprocess.run([sys.executable, str(script), str(target)], check=True, capture_output=True)
    return target


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("dist") / "whirr-worker.pyz")


def test_two_builds_are_equal_to_the_byte(archive: Path, tmp_path: Path) -> None:
    assert build(tmp_path / "again.pyz").read_bytes() == archive.read_bytes()


def test_file_times_and_order_on_disk_do_not_matter(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    for part in ("whirr", "worker_agent", "whirr_site", "scripts"):
        shutil.copytree(ROOT / part, copy / part)
    for path in copy.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    built = tmp_path / "elsewhere.pyz"
    script = copy / "scripts" / "build_agent.py"
    subprocess.run([sys.executable, str(script), str(built)], check=True, capture_output=True)
    assert built.read_bytes() == archive.read_bytes()


def test_it_holds_every_module_that_it_imports(archive: Path) -> None:
    """Also those that are imported late, which --help would not notice."""
    with zipfile.ZipFile(archive) as file:
        sources = {name: file.read(name).decode() for name in file.namelist()}
    held = {module_name(ROOT / name, ROOT) for name in sources}
    wanted = {
        item.name
        for name, source in sources.items()
        for item in imports(
            source, module_name(ROOT / name, ROOT), is_package=name.endswith("__init__.py")
        )
        if any(
            is_inside(item.name, part) for part in ("whirr.wire", "whirr.shipping", "worker_agent")
        )
    }
    assert not {name for name in wanted if not {name, name.rpartition(".")[0]} & held}


def test_it_runs_without_any_installed_package(archive: Path, tmp_path: Path) -> None:
    # -I -S: no site-packages, no current folder, no PYTHON* variable
    command = [sys.executable, "-I", "-S", str(archive), "--help"]
    answer = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "--server" in answer.stdout


def test_its_exit_code_is_the_agents(archive: Path, tmp_path: Path) -> None:
    """A service manager starts it again, or does not, by this number."""
    command = [sys.executable, "-I", "-S", str(archive), "-s", "http://127.0.0.1:9", "-d"]
    (tmp_path / "file").touch()
    answer = subprocess.run([*command, str(tmp_path / "file")], capture_output=True, check=False)
    assert answer.returncode == 75
    assert b"cannot use" in answer.stderr

"""`whirr worker install-service`: prints a unit or puts it in place, and never a token where it can be read."""

import os
import stat
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.cli.command import Call, Whirr
from whirr.cli.service_options import NOT_PASSED_ON

TOKEN = "wr_canary.0123"
SERVER = "http://gpu-head:8080"
Result = CompletedProcess[str]


class Installer:
    """The command with a server, an agent, and places that a test may write to."""

    def __init__(self, call: Call, folder: Path) -> None:
        self.call = call
        self.units = folder / "units"
        self.env = folder / "etc" / "worker.env"
        self.units.mkdir()

    def __call__(self, *options: str, **env: str) -> Result:
        given = ["--server", SERVER, "--program", sys.executable, "--env-file", str(self.env)]
        return self.call("worker", "install-service", *given, *options, **env)

    def write(self, *options: str, **env: str) -> Result:
        there = ["--run-as", "nobody", "--write", "--dir", str(self.units)]
        return self(*there, *options, **env)

    @property
    def written(self) -> set[str]:
        return {path.name for path in self.units.iterdir()}


@pytest.fixture
def install(quick: Call, tmp_path: Path) -> Installer:
    return Installer(quick, tmp_path)


class TestPrinting:
    def test_stdout_is_the_unit_and_nothing_else(self, install: Installer) -> None:
        told = install()
        assert told.returncode == 0
        assert told.stdout.startswith("# whirr-worker.service")
        assert f"ExecStart={sys.executable} --server {SERVER} --gpu all\n" in told.stdout
        assert "--write puts it in place" in told.stderr
        assert install.written == set()
        assert not install.env.exists()

    def test_the_token_is_nowhere(self, install: Installer) -> None:
        told = install(WHIRR_TOKEN=TOKEN)
        assert TOKEN not in told.stdout + told.stderr

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["-g", "1, 0"], "--gpu 0,1\n"),
            (["-g", "none"], f"--server {SERVER}\n"),
            (["--template"], "--gpu %i\n"),
            (["-d", "runs"], "/runs --gpu all\n"),
            (["--on-stop", "requeue"], "--on-stop requeue"),
            (["--stop-timeout", "2d"], "TimeoutStopSec=172800"),
            (["--run-as", "ada"], "User=ada"),
            (["--user"], "WantedBy=default.target"),
            (["--", "--tags", "a b", "--slots", "2"], '--tags "a b" --slots 2 --gpu all'),
        ],
    )
    def test_each_option_has_its_place(
        self, install: Installer, options: list[str], said: str
    ) -> None:
        assert said in install(*options).stdout

    def test_the_server_of_the_environment_counts(self, quick: Call) -> None:
        told = quick("worker", "install-service", WHIRR_SERVER_URL="https://gpu-head/")
        assert "--server https://gpu-head --gpu" in told.stdout

    @pytest.mark.parametrize(("caller", "account"), [("ada", "ada"), ("root", "whirr")])
    def test_jobs_never_become_roots_by_default(
        self, install: Installer, caller: str, account: str
    ) -> None:
        assert f"User={account}\n" in install(SUDO_USER=caller).stdout


class TestWriting:
    def test_unit_and_token_go_apart(self, install: Installer) -> None:
        told = install.write(WHIRR_TOKEN=TOKEN)
        assert told.returncode == 0, told.stderr
        assert install.written == {"whirr-worker.service"}
        unit = install.units / "whirr-worker.service"
        assert TOKEN not in unit.read_text() + told.stdout + told.stderr
        assert f"EnvironmentFile={install.env}\n" in unit.read_text()
        assert f"WHIRR_TOKEN={TOKEN}\n" in install.env.read_text()
        modes = [stat.S_IMODE(path.stat().st_mode) for path in (unit, install.env)]
        assert modes == [0o644, 0o600]

    def test_it_says_what_comes_next(self, install: Installer) -> None:
        told = install.write().stderr
        assert f"Put the server's token into {install.env}" in told
        assert "systemctl daemon-reload" in told
        assert "systemctl enable --now whirr-worker.service" in told
        assert "enable --now whirr-worker@0.service" in install.write("--template").stderr

    def test_a_service_of_ones_own(self, install: Installer, tmp_path: Path) -> None:
        told = install("--user", "--write", XDG_CONFIG_HOME=str(tmp_path / "config"))
        assert told.returncode == 0, told.stderr
        unit = tmp_path / "config/systemd/user/whirr-worker.service"
        assert "User=" not in unit.read_text()
        assert "systemctl --user enable --now" in told.stderr
        assert "loginctl enable-linger" in told.stderr

    def test_once_more_changes_nothing(self, install: Installer) -> None:
        first = install.write(WHIRR_TOKEN=TOKEN)
        again = install.write(WHIRR_TOKEN=TOKEN)
        assert first.stdout.count("\twritten") == again.stdout.count("\tunchanged") == 2

    def test_another_unit_is_kept_unless_forced(self, install: Installer) -> None:
        unit = install.units / "whirr-worker.service"
        unit.write_text("mine")
        told = install.write()
        assert (told.returncode, unit.read_text()) == (1, "mine")
        assert "differs" in told.stderr
        assert not install.env.exists(), "both or none"
        assert install.write("--force").returncode == 0
        assert "ExecStart" in unit.read_text()

    def test_another_token_is_kept_unless_forced(self, install: Installer) -> None:
        install.write(WHIRR_TOKEN=TOKEN)
        told = install.write("-g", "0", WHIRR_TOKEN="another")
        assert told.returncode == 1
        assert TOKEN in install.env.read_text()
        assert install.written == {"whirr-worker.service"}, "both or none"
        assert install.write("-g", "0", "--force", WHIRR_TOKEN="another").returncode == 0
        assert "WHIRR_TOKEN=another\n" in install.env.read_text()

    def test_a_call_without_a_token_takes_none_away(self, install: Installer) -> None:
        install.write(WHIRR_TOKEN=TOKEN)
        told = install.write("--force", "-g", "0")
        assert TOKEN in install.env.read_text()
        assert "Put the server's token" not in told.stderr

    def test_a_file_that_others_could_read_is_closed(self, install: Installer) -> None:
        install.write(WHIRR_TOKEN=TOKEN)
        install.env.chmod(0o644)
        assert "others could read it" in install.write().stderr
        assert stat.S_IMODE(install.env.stat().st_mode) == 0o600

    def test_no_umask_opens_the_token(self, install: Installer) -> None:
        before = os.umask(0)
        try:
            install.write(WHIRR_TOKEN=TOKEN)
        finally:
            os.umask(before)
        assert stat.S_IMODE(install.env.stat().st_mode) == 0o600

    def test_root_as_the_jobs_account_is_warned_about(self, install: Installer) -> None:
        assert "every job will run as root" in install.write("--run-as", "root").stderr


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--server", ""], "which server?"),
            (["--server", "gpu-head:8080"], "no server address"),
            (["--server", "http://me:word@gpu-head"], "holds no user, password"),
            (["--gpu", "first"], "use a number"),
            (["--gpu", "0,"], "use a number"),
            (["--template", "--gpu", "0"], "leave --gpu away"),
            (["--template", "--", "--name=x"], "leave --name away"),
            (["--user", "--run-as", "ada"], "leave --run-as away"),
            (["--dir", "/tmp"], "give --write"),
            (["--run-as", "no such\nname"], "no account's name"),
            (["--on-stop", "never"], "on-stop"),
            (["--stop-timeout", "soon"], "no duration"),
            (["--data-dir", "/a\nb"], "cannot stand in a unit"),
            (["--", "--tags", "a\nb"], "cannot stand in a unit"),
            (["--", "--token=x"], "cannot be passed on"),
            (["--", "--serv", "http://x"], "cannot be passed on"),
            (["--", "-shttp://x"], "cannot be passed on"),
            (["--nonsense"], "no such option"),
            *((["--", word], "cannot be passed on") for word in NOT_PASSED_ON),
        ],
    )
    def test_what_makes_no_sense_is_said_before_anything_is_written(
        self, install: Installer, options: list[str], said: str
    ) -> None:
        told = install(*options)
        assert told.returncode == 2
        assert said in told.stderr.lower() or said in told.stderr
        assert told.stdout == ""

    def test_a_token_that_is_none(self, install: Installer) -> None:
        told = install.write(WHIRR_TOKEN="a\nLD_PRELOAD=/x.so")
        assert told.returncode == 2
        assert "no token" in told.stderr
        assert install.written == set()

    def test_no_server_at_all(self, quick: Call) -> None:
        told = quick("worker", "install-service")
        assert (told.returncode, told.stdout) == (2, "")
        assert "which server?" in told.stderr

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            (["--dir", "/no/such/folder"], "no folder /no/such/folder"),
            (["--program", "/no/such/program"], "/download/whirr-worker"),
            (["--run-as", "nobody-like-that"], "useradd --system"),
            (["--env-file", "/proc/whirr/worker.env"], "cannot use /proc/whirr/worker.env"),
            (["--env-file", "/dev"], "cannot use /dev"),
            (["--env-file", "/dev/null/worker.env"], "cannot use /dev/null/worker.env"),
        ],
    )
    def test_what_this_machine_lacks_is_named_with_its_mend(
        self, install: Installer, options: list[str], said: str
    ) -> None:
        told = install.write(*options, WHIRR_TOKEN=TOKEN)
        assert told.returncode == 1
        assert said in told.stderr
        assert install.written == set()

    def test_a_folder_that_may_not_be_written(
        self, install: Installer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Root may write everywhere, so the kernel's answer is played."""
        allowed = os.access
        monkeypatch.setattr(
            "os.access", lambda path, mode: path != install.units and allowed(path, mode)
        )
        told = install.write()
        assert told.returncode == 1
        assert "use sudo, or --user" in told.stderr


def test_the_agents_own_help_names_it(whirr: Whirr) -> None:
    told = whirr("worker", "--help").stdout
    assert "install-service" in told
    assert "--heartbeat-interval" in told


def test_its_help_is_its_own(quick: Call) -> None:
    told = quick("worker", "install-service", "--help")
    assert told.returncode == 0
    assert "whirr worker install-service" in told.stdout
    assert "--heartbeat-interval" not in told.stdout

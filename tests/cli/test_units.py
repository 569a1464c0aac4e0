"""Units of systemd: what they say, read back by a parser and by systemd's own checker."""

import subprocess
import sys
from collections.abc import Callable
from configparser import RawConfigParser
from pathlib import Path

import pytest

from whirr.cli.units import Unit, environment_file, quoted

SHIPPED = Path(__file__).resolve().parents[2] / "docker" / "systemd"
Verify = Callable[[Unit], str]


def parsed(text: str) -> RawConfigParser:
    """A unit by section; a setting that stands there twice is an error."""
    parser = RawConfigParser(strict=True, delimiters=("=",), comment_prefixes=("#",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    return parser


def service(unit: Unit) -> dict[str, str]:
    return dict(parsed(unit.render())["Service"])


@pytest.fixture
def verify(systemd_analyze: str, tmp_path: Path) -> Verify:
    """What systemd has to complain about in a unit whose program exists."""

    def check(unit: Unit) -> str:
        path = tmp_path / unit.name
        path.write_text(unit.render())
        command = [systemd_analyze, "verify", *(["--user"] if unit.for_user else []), str(path)]
        told = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = (told.stdout + told.stderr).splitlines()
        return "\n".join(line for line in lines if "whirr-worker" in line)

    return check


class TestTheShippedOnes:
    @pytest.mark.parametrize("unit", [Unit(), Unit(gpu="0"), Unit(is_template=True)])
    def test_each_is_what_the_command_makes(self, unit: Unit) -> None:
        assert (SHIPPED / unit.name).read_text() == unit.render()

    def test_there_are_no_others(self) -> None:
        names = {"whirr-worker.service", "whirr-worker-gpu0.service", "whirr-worker@.service"}
        assert {path.name for path in SHIPPED.iterdir()} == names

    @pytest.mark.parametrize(
        ("unit", "command"),
        [
            (Unit(), "/usr/local/bin/whirr-worker --gpu all"),
            (Unit(gpu="0"), "/usr/local/bin/whirr-worker --gpu 0"),
            (Unit(is_template=True), "/usr/local/bin/whirr-worker --gpu %i"),
        ],
    )
    def test_they_serve_the_gpus_of_their_name(self, unit: Unit, command: str) -> None:
        assert service(unit)["ExecStart"] == command


class TestWhatAUnitSays:
    def test_it_ends_gracefully_and_comes_back_unless_that_makes_no_sense(self) -> None:
        told = service(Unit(stop_timeout=7200))
        assert (told["KillMode"], told["TimeoutStopSec"]) == ("mixed", "7200")
        assert (told["Restart"], told["RestartPreventExitStatus"]) == ("always", "1 2")
        assert parsed(Unit().render())["Unit"]["StartLimitIntervalSec"] == "0"

    def test_it_is_hardened_and_sees_its_gpus(self) -> None:
        told = service(Unit())
        assert told["NoNewPrivileges"] == "yes"
        assert not {"PrivateDevices", "DeviceAllow", "DevicePolicy", "ProtectClock"} & set(told)
        assert not {"MemoryDenyWriteExecute", "ProtectHome", "PrivateTmp"} & set(told)
        assert (told["Delegate"], told["OOMPolicy"]) == ("yes", "continue")

    def test_root_makes_the_device_files_where_gpus_are_served(self) -> None:
        assert service(Unit())["ExecStartPre"].startswith("-+/bin/sh -c ")
        assert "ExecStartPre" not in service(Unit(gpu=""))
        assert "ExecStartPre" not in service(Unit(for_user=True))

    def test_without_a_data_folder_systemd_makes_one(self) -> None:
        told = service(Unit())
        assert told["StateDirectory"] == "whirr"
        assert told["Environment"] == "WHIRR_DATA_DIR=%S/whirr"
        own = service(Unit(for_user=True))
        assert own["Environment"] == "WHIRR_DATA_DIR=%h/.local/state/whirr"
        assert "StateDirectory" not in own

    def test_a_data_folder_is_waited_for(self) -> None:
        unit = parsed(Unit(data_dir="/data/my runs").render())
        assert unit["Unit"]["RequiresMountsFor"] == '"/data/my runs"'
        assert '--data-dir "/data/my runs"' in unit["Service"]["ExecStart"]
        assert "StateDirectory" not in unit["Service"]

    def test_a_users_own_one_asks_for_nothing_that_only_root_can_give(self) -> None:
        unit = parsed(Unit(for_user=True).render())
        assert unit["Install"]["WantedBy"] == "default.target"
        assert "User" not in unit["Service"]
        assert not {"CapabilityBoundingSet", "ProtectSystem"} & set(unit["Service"])
        assert "After" not in unit["Unit"]

    @pytest.mark.parametrize(
        ("unit", "name"),
        [
            (Unit(gpu=""), "whirr-worker.service"),
            (Unit(gpu="0,1"), "whirr-worker-gpu0-1.service"),
            (Unit(gpu="12"), "whirr-worker-gpu12.service"),
        ],
    )
    def test_its_name_says_what_it_serves(self, unit: Unit, name: str) -> None:
        assert unit.name == name

    def test_only_what_differs_from_the_agents_own_choice_is_named(self) -> None:
        assert "--on-stop" not in service(Unit())["ExecStart"]
        assert "--on-stop requeue" in service(Unit(on_stop="requeue"))["ExecStart"]


class TestWords:
    @pytest.mark.parametrize(
        ("word", "plain", "argument"),
        [
            ("http://gpu-head:8080", "http://gpu-head:8080", "http://gpu-head:8080"),
            ("", '""', '""'),
            ("a b", '"a b"', '"a b"'),
            ("50%h", '"50%%h"', '"50%%h"'),
            ("$HOME", '"$HOME"', '"$$HOME"'),
            (";", '";"', '";"'),
            ('say "x"', '"say \\"x\\""', '"say \\"x\\""'),
            ("back\\slash", '"back\\\\slash"', '"back\\\\slash"'),
            ("it's", '"it\'s"', '"it\'s"'),
            ("größe", '"größe"', '"größe"'),
        ],
    )
    def test_each_is_written_so_that_it_is_read_back(
        self, word: str, plain: str, argument: str
    ) -> None:
        assert (quoted(word), quoted(word, is_argument=True)) == (plain, argument)

    @pytest.mark.parametrize(
        "word", ["a\nExecStartPre=/bin/evil", "a\rb", "\0", "\x1b[2J", "\u2028"]
    )
    def test_nothing_can_begin_another_line(self, word: str) -> None:
        with pytest.raises(ValueError, match="cannot stand in a unit"):
            Unit(options=("--tags", word)).render()
        with pytest.raises(ValueError, match="cannot stand in a unit"):
            Unit(environment=Path("/etc") / word).render()

    @pytest.mark.parametrize(
        "token", ["a b", "a\nLD_PRELOAD=/x.so", "'", '"', "$X", "\\", "ü", "`"]
    )
    def test_a_token_that_is_none_is_refused(self, token: str) -> None:
        with pytest.raises(ValueError, match="no token"):
            environment_file(token)


class TestSystemd:
    @pytest.mark.parametrize(
        "unit",
        [
            Unit(program=sys.executable),
            Unit(program=sys.executable, gpu="0"),
            Unit(program=sys.executable, is_template=True),
            Unit(program=sys.executable, gpu="", on_stop="requeue", server="http://h:1"),
            Unit(
                program=sys.executable, data_dir='/a b/50%/$x"\\', options=("--tags", "a;b $c %d")
            ),
            Unit(program=sys.executable, run_as="root", environment=Path("/a b/%w.env")),
            Unit(program=sys.executable, for_user=True),
        ],
        ids=lambda unit: unit.name,
    )
    def test_it_has_nothing_to_complain_about(self, unit: Unit, verify: Verify) -> None:
        assert verify(unit) == ""

    def test_the_check_can_fail(self, verify: Verify) -> None:
        assert "not executable" in verify(Unit(program="/no/such/program"))
        assert "Failed to parse" in verify(Unit(program=sys.executable, stop_timeout="long"))  # type: ignore[arg-type]

"""All tests: installs or names what they need, then runs pytest four times and sums up.

1. everything but the end-to-end tests, on SQLite;
2. what touches the database once more, on a PostgreSQL that the suite starts;
3. pages in a real browser;
4. the end-to-end tests: whole servers and agents, killed and restarted.

Arguments go to pytest, each time: `python scripts/test.py -k lease tests/jobs`.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import integrations, mlflow_client, servers, whirr_0_5_3  # noqa: E402

IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}
NOTHING_COLLECTED = 5
PARALLEL = ["-n", str(min(os.cpu_count() or 1, 4)), "--dist", "loadfile"]
PYTEST = [sys.executable, "-m", "pytest"]


def fonts() -> None:
    if not any(Path("/usr/share/fonts").rglob("*.[to]tf")):
        raise servers.Missing("No font is installed, so pages have no text: fonts-dejavu-core")


def curl() -> None:
    if shutil.which("curl") is None:
        raise servers.Missing("curl is missing, which fetches the agent: apt-get install curl")


NEEDS: dict[str, Callable[[], object]] = {
    "postgresql": servers.postgres_programs,
    "redis-server": servers.redis_program,
    "systemd": servers.systemd_analyze,
    "curl": curl,
    "chromium": servers.chromium_program,
    "fonts-dejavu-core": fonts,
}


@dataclass(frozen=True)
class Part:
    name: str
    arguments: list[str]
    database: str = "sqlite"


APART = ("browser", "e2e")  # folders of tests that are parts of their own


def without(*names: str) -> list[str]:
    """Arguments that spare pytest the reading of folders whose tests the part would leave out."""
    return [f"--ignore={ROOT / 'tests' / name}" for name in names]


def only(name: str) -> list[str]:
    folders = sorted(path.parent.name for path in (ROOT / "tests").glob("*/__init__.py"))
    return without(*(folder for folder in folders if folder not in (name, "support")))


PARTS = (
    Part("unit and SQLite", [*PARALLEL, "-m", "not e2e and not browser", *without(*APART)]),
    Part(
        "PostgreSQL",
        [*PARALLEL, "-m", "not e2e and not browser", *without(*APART)],
        database="postgres",
    ),
    Part("browser", [*PARALLEL, "-m", "browser", *only("browser")]),
    Part("end to end", [*PARALLEL, "-m", "e2e", *only("e2e")]),
)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def missing() -> dict[str, str]:
    """Debian package → what is the matter without it."""
    found = {}
    for package, look in NEEDS.items():
        try:
            look()
        except servers.Missing as problem:
            found[package] = str(problem)
    return found


def install(packages: list[str]) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    say(f"installing {' '.join(packages)}")
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends"]):
        names = packages if command[0] == "install" else []
        subprocess.run(["apt-get", *command, *names], check=True, env=quiet)


def provide() -> bool:
    """True if everything is there, installed now or before."""
    absent = missing()
    if absent and os.geteuid() == 0 and shutil.which("apt-get"):
        install(list(absent))
        absent = missing()
    for problem in absent.values():
        say(f"MISSING  {problem}")
    if absent:
        say(f"On Debian or Ubuntu: sudo apt-get install {' '.join(absent)}")
    clients = [provide_client(client, saying) for client, saying in CLIENTS.items()]
    return all(clients) and not absent


# Programs of others that are tested against our server, each in an environment of its own.
CLIENTS: dict[ModuleType, str] = {
    whirr_0_5_3: "installing whirr 0.5.3 into .venv-0.5.3/ (its client and worker are tested, too)",
    mlflow_client: "installing MLflow's client into .venv-mlflow/ (it logs to our server in the tests)",
    integrations: "installing Lightning, transformers and Keras into .venv-integrations/ (our callbacks run in them)",
}


def provide_client(client: ModuleType, saying: str) -> bool:
    """True if it is there, installed now or before."""
    if client.is_current():
        return True
    say(saying)
    try:
        client.install()
    except (OSError, subprocess.CalledProcessError) as problem:
        say(f"MISSING  {client.HINT}: {problem}")
        return False
    return True


def surroundings() -> dict[str, str]:
    """The environment, save for what many images of Python set: that nothing compiled is kept.

    Each of the hundreds of processes that the tests start would compile all of our modules anew.
    """
    return {key: text for key, text in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


def run(part: Part, arguments: list[str]) -> tuple[int, str]:
    """The exit code of one pytest session, and a line that sums it up."""
    say(f"\n=== {part.name} ===")
    started = time.monotonic()
    with tempfile.NamedTemporaryFile("r") as tally:
        chosen = {"WHIRR_TEST_DATABASE": part.database, "WHIRR_TEST_TALLY": tally.name}
        command = [*PYTEST, *part.arguments, *arguments]
        code = subprocess.run(command, cwd=ROOT, env={**surroundings(), **chosen}).returncode
        counts = tally.read()
    words = {0: "ok", NOTHING_COLLECTED: "no test chosen"}.get(code, f"FAILED ({code})")
    return code, f"{words} {counts and f'({counts}) '}in {time.monotonic() - started:.0f} s"


def postgres_is_here() -> bool:
    try:
        servers.postgres_programs()
    except servers.Missing:
        return False
    return True


def main(arguments: list[str]) -> int:
    if not provide() and IN_CI:
        say("CI=true: nothing may be left out, so no test was run.")
        return 1
    results = []
    for part in PARTS:
        if part.database == "postgres" and not postgres_is_here():
            results.append((part.name, NOTHING_COLLECTED, "left out: PostgreSQL is missing"))
            continue
        results.append((part.name, *run(part, arguments)))
    say("\n=== in short ===")
    for name, _, text in results:
        say(f"{name:<16} {text}")
    codes = {code for _, code, _ in results}
    if codes == {NOTHING_COLLECTED}:
        return NOTHING_COLLECTED
    return 1 if codes - {0, NOTHING_COLLECTED} else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

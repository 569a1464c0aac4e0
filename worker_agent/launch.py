"""From the command that a person typed to the process that stays: the same process, started anew.

Reading options takes `argparse`, `re` and what they bring: seven megabytes that Python never gives back. So the
first program only reads them, and then executes the second, which holds nothing but what an agent needs. The
process id stays, and whoever sends signals to it reaches the agent. What is secret travels through a pipe, and is
neither in the new command line nor in the new environment.
"""

from __future__ import annotations

import os
import sys

from whirr.wire import files, jsontext
from whirr.wire.lean import TYPE_CHECKING
from worker_agent.settings import Settings

if TYPE_CHECKING:
    from typing import NoReturn

# No site-packages, no PYTHON* variables, no current folder: quicker, smaller, and nobody's surprises.
_ALONE = ("-I", "-S")
_START = (
    "import sys; sys.path.append(sys.argv.pop(1)); "
    "from worker_agent.{} import main; sys.exit(main())"
)
# One heap for all threads, which gives large pieces back as soon as they are free: glibc would
# keep one for each thread, and learn from the first megabyte that was sent to keep the next.
_MALLOC = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": "131072",
    "MALLOC_TRIM_THRESHOLD_": "131072",
}
_KEPT = "WHIRR_RUN_DIR"  # of a job that starts an agent: by this, all that is below it is found


def command(module: str, *words: str) -> list[str]:
    """The command that calls main() of one of the agent's modules in a small interpreter."""
    flags = [*_ALONE]
    if sys.flags.utf8_mode:
        flags += ["-X", "utf8"]
    if sys.dont_write_bytecode:
        flags.append("-B")
    return [sys.executable, *flags, "-c", _START.format(module), home(), *words]


def home() -> str:
    """The folder or archive of the sources: known to the code itself, wherever it was read from."""
    source = command.__code__.co_filename
    return files.absolute(source).rsplit("/", 2)[0]


def resident(settings: Settings, packed: int | None) -> NoReturn:
    """Become the process that stays. OSError when that is not possible.

    `packed` is a file with its modules as bytecode, if there is one.
    """
    if not sys.executable:
        raise OSError("this Python does not know its own program")
    _open_standard_files()
    added = {name: value for name, value in _MALLOC.items() if name not in os.environ}
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("WHIRR_") or name == _KEPT
    }
    read_fd, write_fd = os.pipe()
    os.set_blocking(write_fd, False)  # a pipe takes 64 KB, and nobody reads it yet
    told = {"settings": settings.fields(), "added": list(added), "packed": packed}
    data = jsontext.dumps(told)
    if os.write(write_fd, data) != len(data):
        raise OSError("the options are too long")
    os.close(write_fd)
    os.set_inheritable(read_fd, True)  # noqa: FBT003
    words = command("resident", str(read_fd), *_visible(settings))
    if packed is not None:
        words[words.index(home())] = f"/proc/self/fd/{packed}"
    os.execve(words[0], words, {**env, **added})  # noqa: S606


def received(fd: int) -> Settings:
    """In the second program: what the first one was told."""
    told = jsontext.loads(files.read(fd))
    settings = Settings(**told["settings"])
    if told["packed"] is not None:
        _leave_the_pack(told["packed"], settings)
    for name in told["added"]:  # for this process alone: jobs find what they would have found
        os.environ.pop(name, None)
    return settings


def _leave_the_pack(packed: int, settings: Settings) -> None:
    """All that will ever be imported from it is: give its memory back."""
    if settings.server.startswith("https:"):
        import whirr.wire.tls  # noqa: F401, PLC0415  (plain http does without)
    sys.path.pop()
    os.close(packed)


def _visible(settings: Settings) -> list[str]:
    """What `ps` shows, so that a person can tell the agents of a machine apart."""
    place = ["--server", settings.server, "--data-dir", settings.data_dir]
    return ["whirr-worker", "--name", settings.name, *place]


def _open_standard_files() -> None:
    """A file or pipe of ours must not get the number of a standard file that was closed."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003

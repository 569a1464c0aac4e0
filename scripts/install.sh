#!/bin/sh
# Make .venv/ with everything a developer needs. `make install` calls this when requirements have changed.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'whirr: %s\n' "$*"; }
give_up() { say "$*" >&2; exit 1; }

recent_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON3:-} python3 python3.14 python3.13 python3.12 python3.11 python; do
        if recent_enough "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    give_up "no Python from 3.11 on was found. Install one (Debian 12, Ubuntu 24.04: apt-get install python3" \
        "python3-venv; elsewhere: https://docs.astral.sh/uv/ or python.org), or name it: PYTHON3=/path/to/python3 make install"
}

# Debian keeps the part of Python that makes environments in a package of its own.
need_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    package="$("$1" -c 'import sys; print("python{}.{}-venv".format(*sys.version_info))')"
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        give_up "$1 cannot make environments: its ensurepip module is missing. On Debian and Ubuntu:" \
            "sudo apt-get install $package"
    fi
    say "installing $package"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null
}

make_environment() {
    recent_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1 && return
    python="$(find_python)"
    need_venv_module "$python"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# uv is about ten times as fast as pip. Both install the same pinned versions.
install_packages() {
    uv="$(grep '^uv==' requirements/dev.txt)"
    if .venv/bin/python -m pip install --quiet "$uv" &&
        .venv/bin/uv pip install --quiet --python .venv/bin/python -r requirements/dev.txt -e .; then
        return
    fi
    say "uv could not do it; pip tries"
    .venv/bin/python -m pip install --quiet -r requirements/dev.txt -e .
}

export PIP_DISABLE_PIP_VERSION_CHECK=1
make_environment
say "installing what requirements/dev.txt names (about 300 MB the first time)"
install_packages
say "ready: .venv/bin/whirr"

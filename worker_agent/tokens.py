"""Where an agent's token comes from."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

IN_THE_OPEN = """\
whirr-worker: warning: other users of this machine can read what the command line says:
  set WHIRR_TOKEN instead, or give --token-file FILE
"""


def read(found: argparse.Namespace, env: Mapping[str, str], data_dir: Path) -> str:
    """Given, in a file, in the environment, or (on the server's machine) beside its data.

    Raises ValueError, and never shows the token.
    """
    if found.token:
        return _sane_token("--token", found.token)
    if found.token_file:
        return _token_in(Path(found.token_file).expanduser())
    if env.get("WHIRR_TOKEN"):
        return _sane_token("WHIRR_TOKEN", env["WHIRR_TOKEN"])
    try:
        return (data_dir / "secret").read_text().strip()
    except OSError:
        return ""


def _token_in(path: Path) -> str:
    option = f"--token-file {path}"
    try:
        text = path.read_text()
    except OSError as error:
        raise ValueError(f"{option}: {error.strerror}") from error
    except UnicodeError as error:
        raise ValueError(f"{option}: that is no text; it should hold the token alone") from error
    if not text.strip():
        raise ValueError(f"{option}: it is empty; it should hold the token")
    return _sane_token(option, text)


def _sane_token(source: str, text: str) -> str:
    """Without the line's end that files and shells add."""
    token = text.strip()
    if not token or not all("!" <= letter <= "~" for letter in token):
        raise ValueError(f"{source}: a token is one word of ASCII letters, digits and signs")
    return token

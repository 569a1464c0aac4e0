"""Secrets that live in the data folder: made once, readable by their owner alone."""

import os
import secrets
from pathlib import Path


def read_or_make(path: Path) -> str:
    """The text of a secret file with mode 0600; made with 256 random bits if there is none.

    Safe when several processes start at once: the file is written aside and linked into place, so the first one wins
    and nobody ever reads half a secret.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()

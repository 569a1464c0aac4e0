"""The name of this server's data folder, and whether an agent writes into the same one."""

import os
import re

from django.conf import settings

from whirr_site.settings.keys import read_or_make

_HEX = re.compile(r"[0-9a-f]{32}\Z")


def store_id() -> str:
    """The text of `<data>/store-id`, made when it is first asked for. No secret, though made like one."""
    return read_or_make(settings.DATA_DIR / "store-id")


def is_seen(session: str, proof: str) -> bool:
    """Whether the agent of that session wrote this text into our data folder: then both see the same disk.

    The folder's name is no proof. It is in every copy of the folder, too.
    """
    if not _HEX.match(session) or not _HEX.match(proof):
        return False
    try:
        path = settings.DATA_DIR / f".store-proof-{session}"
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.read(handle, 64) == proof.encode()
    except OSError:
        return False
    finally:
        os.close(handle)

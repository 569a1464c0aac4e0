"""The secret link: how a person enters; the secret is in no log, Referer or command line."""

from __future__ import annotations

import html
import os
import sys
from typing import Any

from whirr.stack.folder import Folder, replace

PAGE = """\
<!doctype html><meta charset="utf-8"><title>whirr</title>
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0; url={link}"><p><a href="{link}">Open whirr</a>
"""


def link(folder: Folder, server: dict[str, Any]) -> str:
    """The address to open: the secret is its fragment, which browsers never send."""
    url = str(server["url"])
    return url + "/" if server.get("auth") == "none" else f"{url}/enter#{folder.secret()}"


def open_in_browser(folder: Folder, address: str) -> bool:
    """Open a page that leads to the address; False where no browser can be shown.

    The browser is given the name of a file with mode 0600: command lines are public.
    """
    if not has_display():
        return False
    import webbrowser  # noqa: PLC0415 - slow to import, seldom needed

    replace(folder.open_page, PAGE.format(link=html.escape(address, quote=True)))
    return webbrowser.open(folder.open_page.as_uri())


def has_display() -> bool:
    """Whether a person sits at a terminal of a machine that can show a browser."""
    screen = (
        sys.platform == "darwin" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return sys.stdout.isatty() and bool(screen)

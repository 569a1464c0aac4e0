"""Texts and files that would act if a page let them."""

import json


def evil(where: str) -> str:
    """Text that makes an element, asks for an address and sets a mark, wherever it is not text."""
    act = f"window.__pwned='{where}'"
    return (
        f'<img src=/evil-{where} onerror="{act}"><svg onload="{act}"></svg><b data-evil={where}>'
        f"</textarea></title><script>{act}</script>\"'`{{{{ 7|add:7 }}}}${{{act}}}"
    )


LOG = (
    evil("log")
    + "\n\x1b]8;;javascript:window.__pwned='osc'\x07click\x1b]8;;\x07"
    + "\n\x1b]8;;/evil-osc\x07relative\x1b]8;;\x07\x1b[31m"
    + evil("ansi")
    + "\x1b[0m\n\x1b]0;title\x07\x1bP+q\x1b\\\x1b[2J\x1b[999;999H\x00end\n::group::"
    + evil("group")
    + "\n::endgroup::\n"
)
SCRIPT = "<script>window.__pwned=1</script>"
NOTES = f"# {evil('notes')}\n\n[a](javascript:window.__pwned='md') ![x](/evil-md)\n\n{SCRIPT}\n"
FILES = {
    "page.html": f"<!doctype html><title>x</title>{evil('html')}<script src=/evil-script.js></script>",
    "drawing.svg": f"<svg xmlns='http://www.w3.org/2000/svg' onload='window.__pwned=1'>{SCRIPT}</svg>",
    "notes.md": NOTES,
    "table.csv": f"name,{evil('csv-head')}\n=cmd|' /C calc'!A0,{evil('csv')}\n",
    "data.json": json.dumps({evil("json-key"): evil("json")}),
    "lies.png": evil("png"),
    "text.txt": evil("txt"),
}

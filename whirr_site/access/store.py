"""The name of this server's data folder: an agent that finds the same name in its own folder sees the same disk."""

from django.conf import settings

from whirr_site.settings.keys import read_or_make


def store_id() -> str:
    """The text of `<data>/store-id`, made when it is first asked for. No secret, though made like one."""
    return read_or_make(settings.DATA_DIR / "store-id")

"""States in the admin's lists: a word and an icon, which `admin.css` puts before it."""

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString


def state(word: str) -> SafeString:
    """As the pages' badges: nobody has to tell colours apart."""
    return format_html('<span class="state is-{}">{}</span>', word, word.replace("_", " "))


def minute(when: datetime | None) -> str:
    """Short, and sorted as text as well."""
    return f"{when:%Y-%m-%d %H:%M}" if when else "-"

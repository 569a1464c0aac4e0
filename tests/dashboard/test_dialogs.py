"""Enter in a field of a dialog does what the dialog is for."""

import re

from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "dashboard/templates").rglob("*.html"))
FORM = re.compile(r'<form method="dialog".*?</form>', re.DOTALL)
FIELD = re.compile(r"<(?:input|select|textarea)\b")
SUBMITS = re.compile(r'<button\b(?![^>]*type="button")[^>]*>')


def test_the_button_that_enter_presses_is_not_the_one_that_gives_up() -> None:
    forms = [form for path in TEMPLATES for form in FORM.findall(path.read_text())]
    pressed = [SUBMITS.findall(form)[0] for form in forms if FIELD.search(form)]

    assert len(pressed) >= 2
    assert [button for button in pressed if 'value="no"' in button] == []

"""The form behind /submit/: a command as it would be typed in a shell, turned into a submission."""

import shlex
from typing import Any

from django import forms

from dashboard.periods import seconds_of
from jobs.submitting import Submission


class SubmitForm(forms.Form):
    command = forms.CharField(
        label="Command",
        help_text="As in a shell. It is split into words; pipes and variables need `sh -c '…'`.",
        widget=forms.Textarea(
            attrs={"rows": 3, "placeholder": "python train.py --lr 0.01", "class": "code"}
        ),
    )
    workdir = forms.CharField(
        label="Folder",
        max_length=4096,
        help_text="Where the command runs, on the worker. An absolute path.",
        widget=forms.TextInput(attrs={"placeholder": "/home/me/project", "class": "code"}),
    )
    name = forms.CharField(label="Name", required=False, max_length=255)
    tags = forms.CharField(
        label="Tags", required=False, max_length=1000, help_text="Between commas."
    )
    gpus = forms.IntegerField(
        label="GPUs",
        required=False,
        min_value=0,
        max_value=1024,
        help_text="Empty: one slot of any worker.",
    )
    priority = forms.IntegerField(
        label="Priority",
        initial=0,
        min_value=-1000,
        max_value=1000,
        help_text="Higher starts earlier.",
    )
    retries = forms.IntegerField(
        label="Retries",
        initial=0,
        min_value=0,
        max_value=100,
        help_text="After a failure of its own.",
    )
    timeout = forms.CharField(
        label="Time limit",
        required=False,
        max_length=20,
        help_text="90, 30m, 2h, 1d; empty: none.",
    )

    def clean_command(self) -> list[str]:
        text: str = self.cleaned_data["command"]
        try:
            words = shlex.split(text.replace("\\\r\n", " ").replace("\\\n", " "))
        except ValueError as problem:
            raise forms.ValidationError(
                f"This cannot be split into words: {problem}. Check the quotes."
            ) from problem
        if not words:
            raise forms.ValidationError("Give a command.")
        return words

    def clean_workdir(self) -> str:
        folder: str = self.cleaned_data["workdir"]
        if not folder.startswith("/"):
            raise forms.ValidationError(
                "Begin with /: a relative folder would depend on the worker."
            )
        return folder

    def clean_tags(self) -> list[str]:
        parts = (part.strip() for part in self.cleaned_data["tags"].split(","))
        return list(dict.fromkeys(part for part in parts if part))

    def clean_timeout(self) -> int | None:
        text: str = self.cleaned_data["timeout"]
        if not text:
            return None
        seconds = seconds_of(text)
        if seconds is None:
            raise forms.ValidationError("Write a time such as 90, 30m, 2h or 1d.")
        return seconds

    def submission(self) -> Submission:
        """What the form asks for, once it is valid."""
        wish: dict[str, Any] = self.cleaned_data
        return Submission(
            command_argv=wish["command"],
            workdir=wish["workdir"],
            name=wish["name"],
            tags=wish["tags"],
            gpus=wish["gpus"],
            priority=wish["priority"],
            retries=wish["retries"],
            timeout_seconds=wish["timeout"],
        )

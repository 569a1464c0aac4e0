"""Each state as an icon, a word and a tone: nobody has to tell colours apart to read a page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Badge:
    """`icon` is a symbol of templates/dashboard/_icons.html, `tone` a class of badges.css."""

    icon: str
    word: str
    tone: str


BADGES = {
    "waiting": Badge("hourglass", "waiting", "still"),
    "queued": Badge("clock", "queued", "still"),
    "held": Badge("pause", "held", "warn"),
    "pending": Badge("clock", "pending", "still"),
    "running": Badge("play", "running", "live"),
    "cancelling": Badge("stop", "cancelling", "warn"),
    "completed": Badge("check", "completed", "good"),
    "succeeded": Badge("check", "succeeded", "good"),
    "failed": Badge("cross", "failed", "bad"),
    "cancelled": Badge("stop", "cancelled", "still"),
    "timed_out": Badge("alarm", "timed out", "bad"),
    "archived": Badge("folder", "archived", "still"),
    "lost": Badge("unplug", "lost", "bad"),
    "preempted": Badge("skip", "preempted", "warn"),
    "idle": Badge("circle", "idle", "good"),
    "busy": Badge("play", "busy", "live"),
    "draining": Badge("hourglass", "draining", "warn"),
    "disabled": Badge("pause", "disabled", "warn"),
    "offline": Badge("unplug", "offline", "bad"),
}


def badge(state: str) -> Badge:
    """The badge of a job's, attempt's, run's or worker's state; a plain one for a word not known here."""
    return BADGES.get(state) or Badge("circle", state, "still")

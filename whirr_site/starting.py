"""What the server's programs share when they start: one sentence for a wrong setting, and the safe addresses."""

import ipaddress
import os
import sys
import time

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection

CONFIGURATION_ERROR = 2


def set_up_django() -> None:
    """Load the settings, or end the program with a sentence on stderr and exit code 2."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")
    try:
        django.setup()
    except ImproperlyConfigured as error:
        refuse(str(error))


def refuse(sentence: str) -> None:
    """End the program: the configuration has to be mended first."""
    print(f"whirr: {sentence}", file=sys.stderr)  # noqa: T201
    raise SystemExit(CONFIGURATION_ERROR)


def wait_for_database(*, seconds: float) -> None:
    """Come back once the database answers, or end the program with what it said instead."""
    probe = connection.copy()
    probe.settings_dict["OPTIONS"].pop("pool", None)  # which would hide why it cannot connect
    until = time.monotonic() + seconds
    while True:
        try:
            probe.ensure_connection()
        except OperationalError as error:
            if time.monotonic() > until:
                refuse(f"the database does not answer: {str(error).strip().splitlines()[0]}")
            time.sleep(0.5)
        else:
            probe.close()
            return


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_address(host: str, *, auth: str, trusted_network: bool, debug: bool) -> str:
    """ "" where a server may listen on `host`, otherwise the sentence that says why not."""
    if is_loopback(host):
        return ""
    if debug:
        return f"WHIRR_DEBUG shows the server's insides; it may listen on 127.0.0.1, not on {host}."
    if auth == "none" and not trusted_network:
        return (
            f"WHIRR_AUTH=none on {host} would let anybody who can reach it run commands on your workers; "
            "set WHIRR_AUTH=token, listen on 127.0.0.1, or say WHIRR_TRUSTED_NETWORK=1."
        )
    return ""

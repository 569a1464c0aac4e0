"""From which address a person acts: the audit trail of jobs and workers keeps it beside the name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
HOPS = 20  # of a header that anybody may write
_WITH_PORT = re.compile(r"\[(?P<six>[^]]*)\](?::[0-9]{1,5})?|(?P<four>[0-9.]+):[0-9]{1,5}")

_current: ContextVar[tuple[frozenset[str], str]] = ContextVar("acting", default=(frozenset(), ""))


def of_request(request: HttpRequest) -> str:
    """The other end of the connection; behind trusted proxies, the last address that they did not make up themselves.

    `X-Forwarded-For` grows on the right: what stands left of an address that is no trusted proxy, that one may have
    invented.
    """
    told = request.headers.get("x-forwarded-for", "").split(",")[-HOPS:]
    known = ""
    for text in (request.META.get("REMOTE_ADDR", ""), *reversed(told)):
        address = _read(text)
        if address is None:
            break
        known = str(address)
        if not any(address in network for network in settings.WHIRR_TRUSTED_PROXIES):
            break
    return known


def of_actor(name: str) -> str:
    """Where the person of that name acts from in this request; "" for agents, for the program itself, and outside."""
    names, address = _current.get()
    return address if name in names else ""


@contextmanager
def acting(names: frozenset[str], address: str) -> Iterator[None]:
    """What is done meanwhile in one of these names comes from that address."""
    token = _current.set((names, address))
    try:
        yield
    finally:
        _current.reset(token)


def _read(text: str) -> Address | None:
    """Some proxies put a port behind it. A scope goes: it means something on one machine alone, and has any length."""
    bare = text.strip()
    if told := _WITH_PORT.fullmatch(bare):
        bare = told["six"] or told["four"] or ""
    try:
        address = ip_address(bare)
    except ValueError:  # nothing, a socket's name, or what a proxy puts in for "unknown"
        return None
    if isinstance(address, IPv4Address):
        return address
    return address.ipv4_mapped or IPv6Address(int(address))

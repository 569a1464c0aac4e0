"""The lines that turn a machine into a node, with this server's own address in them; never with a token."""

import shlex
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Machine:
    """What the page tells somebody who adds one; each line can be pasted into a shell."""

    server: str
    agent: str  # where the agent is downloaded
    checksum: str
    needs_token: bool
    is_local: bool  # no other machine reaches the server under the address that the browser used
    secret: str = ""  # the file on the server's machine that holds a token

    @property
    def fetch(self) -> str:
        """Download it, and run it only if the checksum holds."""
        agent, checksum = shlex.quote(self.agent), shlex.quote(self.checksum)
        return f"curl -fsSLO {agent}\ncurl -fsSL {checksum} | sha256sum -c && chmod +x whirr-worker"

    @property
    def token(self) -> str:
        """Reads the token from the keyboard: neither the history of the shell nor a command line holds it."""
        return "(umask 077; cat > ~/whirr-token)"

    @property
    def start(self) -> str:
        token = " --token-file ~/whirr-token" if self.needs_token else ""
        return f"./whirr-worker -s {shlex.quote(self.server)} -d ~/whirr-data -g all{token}"

    @property
    def client(self) -> str:
        """What makes the commands of a shell talk to this server."""
        lines = ["pip install whirr", f"export WHIRR_SERVER_URL={shlex.quote(self.server)}"]
        if self.needs_token:
            lines.append('export WHIRR_TOKEN="$(cat ~/whirr-token)"')
        return "\n".join(lines)

    @property
    def worker(self) -> str:
        """Starts an agent where whirr is installed."""
        token = " --token-file ~/whirr-token" if self.needs_token else ""
        return f"whirr worker --server {shlex.quote(self.server)}{token}"

    @property
    def service(self) -> str:
        return f"whirr worker install-service -s {shlex.quote(self.server)} -g all"


def machine(request: HttpRequest) -> Machine:
    """For the address that the page was asked for, which is one that reaches us."""
    server = _address(request)
    return Machine(
        server=server,
        agent=server + reverse("download-agent"),
        checksum=server + reverse("download-agent-checksum"),
        needs_token=settings.WHIRR_AUTH != "none",
        is_local=urlsplit(server).hostname in LOOPBACK,
        secret=str(settings.DATA_DIR / "secret"),
    )


def _address(request: HttpRequest) -> str:
    """Behind a proxy that ends TLS only the settings know that people say https."""
    secure = f"https://{request.get_host()}"
    if request.is_secure() or secure in settings.CSRF_TRUSTED_ORIGINS:
        return secure
    return f"http://{request.get_host()}"

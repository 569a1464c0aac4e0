"""The web process: `python -m whirr_site.web --host 127.0.0.1 --port 8080 [--migrate]`. One daphne with the router."""

import argparse
from functools import partial

from whirr_site import garbage, starting

# A database that restarts beside us comes back within this time. It is also what keeps a supervisor, which gives up
# after a few quick failures, from giving up on a longer outage.
DATABASE_PATIENCE = 15.0


def main() -> None:
    """Check the settings and the address, migrate if asked to, and serve until a signal."""
    parser = argparse.ArgumentParser(prog="python -m whirr_site.web", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on")
    parser.add_argument(
        "--migrate", action="store_true", help="bring the database up to date first"
    )
    options = parser.parse_args()
    starting.set_up_django()
    _check(options.host)
    if options.migrate:
        _migrate()
    _serve(options.host, options.port)


def _check(host: str) -> None:
    from django.conf import settings  # noqa: PLC0415  (after the settings were checked)

    from whirr_site.access.principals import startup_secret  # noqa: PLC0415

    sentence = starting.check_address(
        host,
        auth=settings.WHIRR_AUTH,
        trusted_network=settings.WHIRR_TRUSTED_NETWORK,
        debug=settings.DEBUG,
    )
    if sentence:
        starting.refuse(sentence)
    startup_secret()


def _migrate() -> None:
    from django.core.management import call_command  # noqa: PLC0415

    starting.wait_for_database(seconds=DATABASE_PATIENCE)
    call_command("migrate", interactive=False, verbosity=0)


def _serve(host: str, port: int) -> None:
    from daphne import http_protocol  # noqa: PLC0415
    from daphne.endpoints import build_endpoint_description_strings  # noqa: PLC0415

    from whirr_site.asgi import application  # noqa: PLC0415
    from whirr_site.bodies import Server, in_pieces  # noqa: PLC0415

    # Django reads forms and uploads by itself; Twisted would do so too, and parse the type of every body for it.
    http_protocol.WebRequest = partial(http_protocol.WebRequest, parsePOSTFormSubmission=False)
    garbage.settle()
    Server(
        application=in_pieces(application),
        endpoints=build_endpoint_description_strings(host=host, port=port),
        server_name="whirr",
        websocket_handshake_timeout=10,
        application_close_timeout=30,  # a look at the database goes on after its client has left
        request_buffer_size=64 * 1024,
    ).run()


if __name__ == "__main__":
    main()

"""``understudy serve``: run the endpoint; exits with 78 if the guard refuses, even later on."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

import click

from guards.errors import CallError, first_line
from service.cli.options import PATH, trust_option
from service.private_directory import private_directory
from service.settings import PREFIX, read_settings

__all__ = ["address_of", "check_port", "serve"]

_PORT_REASONS = {errno.EADDRINUSE: "in use", errno.EACCES: "for administrators alone"}
"""Why a port cannot be listened on; any other error is about the host."""


@click.command(
    epilog="\b\nExample:\n  understudy serve --champion artifacts/store/reviews/1 \\\n"
    "      --challenger artifacts/store/reviews/2 --log-file understudy.jsonl"
)
@click.option(
    "--champion",
    metavar="BUNDLE",
    help="The bundle that answers.  [default: from UNDERSTUDY_ROLES_FILE]",
)
@click.option(
    "--challenger",
    "challengers",
    multiple=True,
    metavar="BUNDLE",
    help="A bundle that runs in shadow; repeat.",
)
@click.option(
    "--challenger-optional", is_flag=True, help="Serve without challengers that the guard refuses."
)
@trust_option("Let a bundle load this class or function; repeat.")
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="A name or an address of this machine, IPv4 or IPv6.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@click.option("--log-file", type=PATH, help="Also append events to this file.")
@click.option(
    "--cost",
    type=PATH,
    metavar="TABLE.csv",
    help="What an answer costs, true labels by predicted ones: /v1/status estimates the mean.",
)
def serve(  # noqa: PLR0913 (one parameter an option)
    *,
    champion: str | None,
    challengers: tuple[str, ...],
    challenger_optional: bool,
    trust: tuple[str, ...],
    host: str,
    port: int,
    log_file: Path | None,
    cost: Path | None,
) -> None:
    """Serve the champion on HOST:PORT, and run the challengers on the same requests in shadow.

    All other settings come from UNDERSTUDY_* variables.
    """
    _set("CHAMPION", str(Path(champion).resolve()) if champion else "")
    _set("CHALLENGERS", ",".join(str(Path(c).resolve()) for c in challengers))
    _set("CHALLENGER_OPTIONAL", "true" if challenger_optional else "")
    _set("TRUST", ",".join(trust))
    _set("LOG_FILE", str(log_file.absolute()) if log_file else "")
    _set("COST", str(cost.absolute()) if cost else "")
    read_settings()
    address = address_of(host)
    check_port(address, port)
    # BentoML makes folders of its own where it is imported, and nothing of ours is in them.
    os.environ.setdefault("BENTOML_HOME", str(private_directory() / "bentoml"))
    from service.app import serve as serve_app

    serve_app(address, port)


def _set(name: str, value: str) -> None:
    if value:
        os.environ[PREFIX + name] = value


def address_of(host: str) -> str:
    """Return the address of a host, IPv4 where it has one; ``CallError`` where it has none.

    An IPv6 address may have the brackets that it has in a URL.
    """
    bracketed = host.startswith("[") and host.endswith("]") and ":" in host
    try:
        found = socket.getaddrinfo(host[1:-1] if bracketed else host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        message = f"--host {host}: no such host: {first_line(error)}; name an address"
        raise CallError(message) from None
    addresses = [str(address[0]) for family, *_, address in found if family == socket.AF_INET]
    return addresses[0] if addresses else str(found[0][-1][0])


def check_port(host: str, port: int) -> None:
    """Raise ``CallError`` if no server can listen on ``port`` of the address ``host``."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        if reason := _PORT_REASONS.get(error.errno or 0):
            message = f"port {port} on {host} is {reason}; use another --port"
        else:
            message = (
                f"--host {host}: nothing can listen there: {error.strerror}; "
                "name an address of this machine"
            )
        raise CallError(message) from None

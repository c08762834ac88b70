"""``understudy demo``: the whole story on one machine, from training to what the log shows."""

from __future__ import annotations

import signal
import sys

import click

from service.cli.serve import check_port

__all__ = ["demo"]


@click.command(epilog="\b\nExample:\n  understudy demo --exit")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
@click.option(
    "--documents", type=click.IntRange(50), default=300, show_default=True, help="A day's traffic."
)
@click.option("--exit", "stop_after", is_flag=True, help="Stop when the story is told.")
def demo(port: int, documents: int, stop_after: bool) -> None:  # noqa: FBT001 (click calls by name)
    """Train two small bundles, serve them, send three days of traffic, and say what was seen.

    A team's champion classifies business documents. Its challenger, trained on fresh labels, wins
    on validation. The log shows what validation did not.
    """
    from service.demo.story import HOST, tell_story

    check_port(HOST, port)
    # Whichever signal ends this process, the service that it started ends too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    tell_story(port, documents, stop_after=stop_after)

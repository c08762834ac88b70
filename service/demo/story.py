"""The whole story on one machine, from training to what the log shows."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from artifacts.demo.documents import good_day, shadow_day, surge_day
from service.child_environment import child_command, child_environment
from service.demo.bundles import NAME, DemoBundles, demo_bundles, validation_f1
from service.demo.report import read_days, table
from service.demo.settling import settle, settled_text
from service.demo.traffic import Traffic
from service.settings import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["HOST", "tell_story"]

HOST = "127.0.0.1"
_STORE = Path("artifacts/store")
_ACTS = {
    "good": ("a good day", good_day),
    "surge": ("invoices surge", surge_day),
    "shadow": ("the challenger's day", shadow_day),
}
_STACK = 120
"""Labels at the end of the story."""

_START_S = 180.0
_SETTLE_S = 300.0
_STOP_S = 90.0


def tell_story(port: int, documents: int, *, stop_after: bool) -> None:
    """Train two small bundles, serve them on ``port``, and send days of ``documents`` documents.

    Prints what is going on to standard error, and what was seen to standard output. Goes on serving
    until Ctrl-C, unless ``stop_after``.
    """
    bundles = demo_bundles(_STORE, _say)
    log = _STORE / NAME / f"log-{time.strftime('%Y%m%d-%H%M%S')}.jsonl"
    with _service(bundles, port, log) as process:
        _send_days(port, documents, process)
        _report(log, bundles)
        _settle(log, documents)
        _look(log, bundles, port)
        if not stop_after:
            _say("serving until you press Ctrl-C")
            with contextlib.suppress(KeyboardInterrupt):
                sys.exit(process.wait())


def _send_days(port: int, documents: int, process: subprocess.Popen[bytes]) -> None:
    traffic = Traffic(f"http://{HOST}:{port}")
    _say("starting the service: the guard judges both bundles before the port opens")
    traffic.wait_until_ready(lambda: process.poll() is None, _START_S)
    for title, day in _ACTS.values():
        _say(f"sending {documents} documents: {title}")
        traffic.send(day(documents, seed=11).documents)
        traffic.wait_until_settled(_SETTLE_S)
        _say("waiting until the windows are looked at for alarms, once a minute")
        traffic.wait_until_looked_at(_SETTLE_S)


@contextlib.contextmanager
def _service(bundles: DemoBundles, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [
        *child_command("service.cli", "serve"),
        *("--champion", str(bundles.champion), "--challenger", str(bundles.challenger)),
        *("--host", HOST, "--port", str(port), "--log-file", str(log)),
    ]
    # The story holds for these settings only.
    inherited = {k: v for k, v in child_environment().items() if not k.startswith(PREFIX)}
    quiet = {f"{PREFIX}FLUSH_SECONDS": "2", f"{PREFIX}LOG_LEVEL": "warning"}
    process = subprocess.Popen(  # noqa: S603 (our own command)
        command, env={**inherited, **quiet}, stdout=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        # After Ctrl-C the service is already stopping, since the signal reaches it too.
        process.send_signal(signal.SIGTERM)
        process.wait(_STOP_S)


def _report(log: Path, bundles: DemoBundles) -> None:
    champion_f1, challenger_f1 = map(validation_f1, (bundles.champion, bundles.challenger))
    reference = json.loads((bundles.champion / "reference.json").read_bytes())
    days = list(read_days(log, {key: title for key, (title, _) in _ACTS.items()}, reference))
    click.echo(f"\nWhat the log says ({log})\n\n{table(days)}\n")
    for day in days:
        for words in day.alarms:
            click.echo(f"Alarm on {day.title}: {words}")
    last = days[-1]
    click.echo(
        f"Macro F1 on fresh validation documents: champion {champion_f1:.3f}, challenger "
        f"{challenger_f1:.3f}.\nConfidence on the last day: champion "
        f"{last.champion_confidence:.3f}, challenger {last.challenger_confidence:.3f}.\n"
        "A challenger deployed for its F1 would 'feel less confident' weeks later. In the shadow,\n"
        "that is a log line."
    )


def _settle(log: Path, documents: int) -> None:
    truths: dict[str, str] = {}
    for _, day in _ACTS.values():
        labels = day(documents, seed=11).labels
        truths |= dict(zip(labels["request_id"], labels["label"], strict=True))
    stack = log.with_suffix(".labels.csv")
    settled = settle(log, truths, stack, _STACK)
    click.echo(settled_text(settled, stack))


def _look(log: Path, bundles: DemoBundles, port: int) -> None:
    url = f"http://{HOST}:{port}"
    # As it can be typed here; an environment need not be on the path.
    understudy = os.path.relpath(Path(sys.executable).parent / "understudy")
    click.echo(
        f"Look at   {url}/   and   curl {url}/v1/status\n"
        f"          {understudy} compare {log} --labels {log.with_suffix('.labels.csv')}\n"
        f"          {understudy} verify {bundles.champion} {bundles.challenger}\n"
    )


def _say(text: str) -> None:
    click.echo(f"demo: {text}", err=True)

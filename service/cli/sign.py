"""``understudy sign``: sign a sealed bundle with an Ed25519 key."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click

from guards.bundle.layout import SIGNATURE
from guards.bundle.signature import sign as sign_root
from guards.errors import CallError
from service.cli.judged import judged_roots
from service.cli.options import PATH, json_option
from service.cli.output import print_json, print_lines

__all__ = ["sign"]

_EXAMPLE = """
\b
Example:
  openssl genpkey -algorithm ed25519 -out private.pem
  openssl pkey -in private.pem -pubout -out public.pem
  understudy sign artifacts/store/reviews/1 --key private.pem
  understudy verify artifacts/store/reviews/1 --signature-key public.pem
"""


@click.command(epilog=_EXAMPLE)
@click.argument("bundle", type=PATH)
@click.option(
    "--key",
    type=PATH,
    required=True,
    metavar="PRIVATE.pem",
    help="An Ed25519 private key in PEM, not encrypted.",
)
@json_option
def sign(bundle: Path, key: Path, *, as_json: bool) -> None:
    """Sign BUNDLE, after comparing it with its manifest; replaces an older signature."""
    (root,) = judged_roots([bundle])
    signature = sign_root(root, key)
    _write(bundle.resolve(), signature)
    signed_by = json.loads(signature)["key"]
    print_lines(f"signed {bundle}  {root}", f"    with key {signed_by}", err=True)
    if as_json:
        print_json({"bundle": str(bundle), "fingerprint": root, "key": signed_by})


def _write(bundle: Path, signature: bytes) -> None:
    """Write the signature atomically; a crash leaves files beside the bundle, never in it."""
    try:
        with tempfile.TemporaryDirectory(dir=bundle.parent, prefix=".signing-") as scratch:
            unfinished = Path(scratch) / SIGNATURE
            with unfinished.open("wb") as file:
                file.write(signature)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(bundle / SIGNATURE)
    except OSError as error:
        message = f"{bundle}: the signature cannot be written: {error.strerror}"
        raise CallError(message) from None

"""``understudy sign``: vouch for a sealed bundle with a key of one's own."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click

from guards.errors import CallError
from guards.integrity.manifest import read_sealed
from guards.integrity.signature import SIGNATURE
from guards.integrity.signature import sign as sign_root

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
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--key",
    type=click.Path(path_type=Path),
    required=True,
    metavar="PRIVATE.pem",
    help="An Ed25519 private key in PEM, not encrypted.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def sign(bundle: Path, key: Path, *, as_json: bool) -> None:
    """Sign BUNDLE, whose bytes must be those of its manifest; an older signature is replaced."""
    root = read_sealed(bundle).manifest.fingerprint
    signature = sign_root(root, key)
    _write(bundle.resolve(), signature)
    signed_by = json.loads(signature)["key"]
    click.echo(f"signed {bundle}  {root}\n    with key {signed_by}", err=True)
    if as_json:
        click.echo(json.dumps({"bundle": str(bundle), "fingerprint": root, "key": signed_by}))


def _write(bundle: Path, signature: bytes) -> None:
    """Put the signature in place at once; what a crash leaves lies beside the bundle, not in it."""
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

"""One endpoint for the tests of this folder, and another with keys and tight limits."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from service.settings import Settings
from tests.service.http.endpoint import Endpoint, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from artifacts.tables import Table
    from guards.json_types import JsonObject

LIMITS: JsonObject = {
    "max_queue": 4,
    "max_documents": 8,
    "max_text_chars": 100,
    "max_body_bytes": 2000,
}


@pytest.fixture(scope="package")
def endpoint(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Run the champion with the default settings."""
    log = tmp_path_factory.mktemp("endpoint") / "log.jsonl"
    with running(Settings(champion=str(champion), log_file=log, replica="here")) as endpoint:
        yield endpoint


@pytest.fixture(scope="package")
def strict(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """Run the champion with keys named after their only scope, and with tight limits."""
    folder = tmp_path_factory.mktemp("strict")
    keys = folder / "keys.json"
    keys.write_text(json.dumps({"keys": [_key(s) for s in ("classify", "feedback", "operate")]}))
    settings = Settings(
        champion=str(champion),
        log_file=folder / "log.jsonl",
        replica="here",
        api_keys_file=keys,
        **LIMITS,
    )
    with running(settings) as endpoint:
        yield endpoint


def _key(scope: str) -> dict[str, object]:
    digest = hashlib.sha256(f"key-{scope}".encode()).hexdigest()
    return {"name": scope, "sha256": digest, "scopes": [scope]}


@pytest.fixture(scope="package")
def bundle(champion: Path) -> Bundle:
    """Open the champion's bundle, to ask it directly."""
    return open_bundle(champion)


@pytest.fixture
def documents(small_table: Table) -> list[JsonObject]:
    """Return documents that fit the schema, as JSON can hold them, with distinct request ids."""
    return [
        {
            "request_id": f"d-{index}",
            "text": document["text"],
            "features": {name: _json(v) for name, v in document["features"].items()},
        }
        for index, document in enumerate(small_table.documents[:40])
    ]


def _json(value: object) -> object:
    """Return null for what a table has as NaN."""
    return None if isinstance(value, float) and math.isnan(value) else value

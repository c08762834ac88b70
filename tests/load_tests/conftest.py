"""Connections and ports that tests keep, however long they take."""

from __future__ import annotations

import pytest

from tests.patience import AGES_S
from tests.serving.server import free_port


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave no connection for its age, and take ports that hardly anybody else takes."""
    monkeypatch.setattr("load_tests.wire._KEEPALIVE_S", AGES_S)
    monkeypatch.setattr("load_tests.servers._free_port", free_port)

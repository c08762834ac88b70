"""A service listens on the IPv6 addresses that its host names, and on no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.patience import PATIENCE_S, wait_until
from tests.serving.server import UNDERSTUDY, free_port, serving, skip_without_ipv6

if TYPE_CHECKING:
    from pathlib import Path


def answers(address: str, port: int) -> bool:
    """Tell whether the service answers there."""
    try:
        url = f"http://{address}:{port}/readyz"
        return httpx.get(url, timeout=PATIENCE_S).status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    ("host", "addresses"),
    [("[::1]", {"[::1]"}), ("::", {"[::1]", "127.0.0.1"})],
)
def test_an_ipv6_host_is_listened_on(
    champion: Path, tmp_path: Path, host: str, addresses: set[str]
) -> None:
    """With brackets and without; every address of the machine includes those of IPv4."""
    skip_without_ipv6()
    command = (*UNDERSTUDY, "serve", "--champion", str(champion), "--host", host)
    port = free_port()
    with serving(command, tmp_path / "log.jsonl", port=port, wait=False) as server:
        ended = server.process.poll
        wait_until(lambda: ended() is not None or answers("[::1]", port), "readiness")
        assert ended() is None, server.complaints
        found = {each for each in ("[::1]", "127.0.0.1") if answers(each, port)}
    assert found == addresses

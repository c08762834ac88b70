"""``understudy serve``: its options are the settings of every process that it starts."""

from __future__ import annotations

import errno
import ipaddress
import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from guards.errors import CallError
from service.cli.serve import address_of, check_port
from service.settings import read_settings, requirements_of
from tests.service.cli.running import exit_code
from tests.serving.server import UNDERSTUDY, skip_without_ipv6

if TYPE_CHECKING:
    from pathlib import Path


def test_options_are_handed_on(champion: Path) -> None:
    """What is given with --trust is what the guard of every role will trust, for example."""
    options = ("--champion", str(champion), "--challenger-optional", "--trust=a.B", "--trust=c.d.E")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        assert exit_code("serve", *options, "--port", listening.getsockname()[1]) == 2

    settings = read_settings()
    assert settings.challenger_optional
    for role in ("champion", "challenger"):
        assert requirements_of(settings, role).trusted == ("a.B", "c.d.E")


def test_a_cost_table_is_handed_on(
    champion: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its path holds in every process, wherever that one works."""
    monkeypatch.chdir(tmp_path)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        assert exit_code("serve", "--champion", champion, "--cost", "c.csv", "--port", port) == 2

    assert read_settings().cost == tmp_path / "c.csv"


def test_a_home_that_cannot_be_written_is_a_wrong_call(champion: Path) -> None:
    """One line names the variable: BentoML makes folders where it points to."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    served = subprocess.run(
        (*UNDERSTUDY, "serve", "--champion", str(champion), "--port", str(port)),
        env={**os.environ, "BENTOML_HOME": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    assert served.returncode == 2
    (line,) = served.stderr.splitlines()
    assert "set BENTOML_HOME to a directory that can be written" in line


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "::"])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    """The server that is started takes addresses alone; a name becomes one, IPv4 if it can."""
    address = address_of(host)
    assert ipaddress.ip_address(address)
    assert address == ("127.0.0.1" if host == "localhost" else host)


@pytest.mark.parametrize("host", ["[::1]", "[::]", "[::ffff:127.0.0.1]"])
def test_an_ipv6_address_may_have_the_brackets_of_a_url(host: str) -> None:
    """Without them it is what the server takes."""
    assert address_of(host) == host[1:-1]


@pytest.mark.parametrize(
    "host",
    [
        *("x" * 64, "127.0.0.1:3000", "", "[]", "[", "[127.0.0.1]", "[localhost]"),
        *("[::1", "::1]", "[[::1]]", "[::1]:3000", ":::1"),
    ],
)
def test_no_host_is_a_wrong_call(
    champion: Path, host: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says what was given."""
    assert exit_code("serve", "--champion", champion, "--host", host) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"--host {host}" in line


def _without_ipv6(family: int, *_: int) -> socket.socket:
    assert family == socket.AF_INET6
    raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))


def test_a_machine_without_ipv6_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is not even a socket to try the port with."""
    monkeypatch.setattr(socket, "socket", _without_ipv6)
    with pytest.raises(CallError, match=r"--host ::1: .*; name an address of this machine"):
        check_port("::1", 3000)


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1"])
def test_an_address_of_another_machine_is_told_in_one_line(address: str) -> None:
    """It is the host that is wrong, and not the port."""
    with pytest.raises(CallError, match=f"--host {address}: .*; name an address of this machine"):
        check_port(address, 3000)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::"])
def test_a_port_that_is_taken_is_told_for_every_kind_of_address(address: str) -> None:
    """Here it is the port that is wrong."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if family == socket.AF_INET6:
        skip_without_ipv6()
    with socket.socket(family) as listening:
        listening.bind((address, 0))
        listening.listen()
        port = listening.getsockname()[1]
        with pytest.raises(CallError, match=f"port {port} on {address} is in use; use another"):
            check_port(address, port)
    check_port(address, port)

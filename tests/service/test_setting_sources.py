"""Where settings come from: what others put into the environment, files, and which one counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.setting_sources import SettingsError
from service.settings import read_settings, read_with_sources
from service.webhook_url import WebhookUrl

if TYPE_CHECKING:
    from pathlib import Path

CHAMPION = {"UNDERSTUDY_CHAMPION": "store/docs/1"}


def kubernetes(service: str, host: str = "10.96.4.7", port: str = "3000") -> dict[str, str]:
    """Return the variables that Kubernetes injects for a service with one named port."""
    address = f"[{host}]" if ":" in host else host
    return {
        f"{service}_SERVICE_HOST": host,
        f"{service}_SERVICE_PORT": port,
        f"{service}_SERVICE_PORT_HTTP": port,
        f"{service}_PORT": f"tcp://{address}:{port}",
        f"{service}_PORT_{port}_TCP": f"tcp://{address}:{port}",
        f"{service}_PORT_{port}_TCP_PROTO": "tcp",
        f"{service}_PORT_{port}_TCP_PORT": port,
        f"{service}_PORT_{port}_TCP_ADDR": host,
    }


@pytest.mark.parametrize(
    "injected",
    [
        kubernetes("UNDERSTUDY"),
        kubernetes("UNDERSTUDY_CHAMPION"),
        kubernetes("UNDERSTUDY_ROLES_FILE", "fd00:10:96::4e7"),
        kubernetes("UNDERSTUDY_2", port="80"),
        {"UNDERSTUDY_PORT_53_UDP": "udp://10.0.0.1:53", "UNDERSTUDY_PORT_53_UDP_PROTO": "udp"},
        {"UNDERSTUDY_NAME": "/gateway/understudy", "UNDERSTUDY_ENV_PATH": "/usr/bin"},
    ],
    ids=["its own name", "a longer name", "IPv6", "a number", "UDP", "a link of Docker's"],
)
def test_what_orchestrators_inject_is_no_setting(injected: dict[str, str]) -> None:
    """A service or a container that is called like ours changes nothing and stops nothing."""
    assert read_settings({**injected, **CHAMPION}) == read_settings(CHAMPION)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("UNDERSTUDY_PORT", "3000"),
        ("UNDERSTUDY_PROT", "tcp://10.96.4.7:3000"),
        ("UNDERSTUDY_SERVICE_HOSTS", "10.96.4.7"),
        ("UNDERSTUDY_SERVICE_PORT", "http"),
        ("UNDERSTUDY_CHAMPIONS", "store/docs/1"),
        ("UNDERSTUDY_PORT_3000_TCP_ADDRESS", "10.96.4.7"),
        ("UNDERSTUDY_NAME", "docs"),
        ("UNDERSTUDY_ALERT_WEBHOOKS_FILE", "/run/secrets/webhook"),
    ],
)
def test_a_typo_still_stops(variable: str, text: str) -> None:
    """What only looks a little like an injected variable is refused by name."""
    with pytest.raises(SettingsError, match=f"^{variable} is no setting; there are UNDERSTUDY_"):
        read_settings({**CHAMPION, variable: text})


def test_a_file_sets_what_the_environment_does_not(tmp_path: Path) -> None:
    """Values of each kind are those of the variables, and a variable comes before the file."""
    config = tmp_path / "understudy.toml"
    config.write_text(
        'champion = "store/docs/1"\nchallengers = ["store/docs/2", "store/docs/3"]\n'
        "challenger_optional = true\nmax_queue = 64\ndeadline_s = 2.5\nlog_level = 'warning'\n"
    )

    found, sources = read_with_sources(
        {"UNDERSTUDY_CONFIG": str(config), "UNDERSTUDY_MAX_QUEUE": "32"}
    )

    assert found.challengers == ("store/docs/2", "store/docs/3")
    assert (found.challenger_optional, found.deadline_s, found.log_level) == (True, 2.5, "warning")
    assert found.max_queue == 32
    assert sources["max_queue"] == "UNDERSTUDY_MAX_QUEUE"
    assert {sources[name] for name in sources.keys() - {"max_queue"}} == {str(config)}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("max_queues = 3", "'max_queues' is no setting; there are champion, challengers"),
        ("UNDERSTUDY_MAX_QUEUE = 3", "'UNDERSTUDY_MAX_QUEUE' is no setting"),
        ("max_queue = 0", "max_queue: expected a whole number, at least 1, found '0'"),
        ("max_queue = 1.5", "max_queue: expected a whole number, at least 1, found '1.5'"),
        ("[max_queue]\nvalue = 3", "max_queue: expected a text, a number, true, false or a list"),
        ("ripe = 2026-01-01", "ripe: expected a text, a number, true, false or a list"),
        ("max_queue = ", "cannot be read as TOML"),
        ("\x00", "cannot be read as TOML"),
        ('config = "another.toml"', "'config' is no setting"),
    ],
)
def test_a_file_that_is_wrong_is_one_clear_error(
    tmp_path: Path, content: str, expected: str
) -> None:
    """It names the file, what was found there, and what was expected."""
    config = tmp_path / "understudy.toml"
    config.write_text(content)

    with pytest.raises(SettingsError) as raised:
        read_settings({**CHAMPION, "UNDERSTUDY_CONFIG": str(config)})

    (line,) = str(raised.value).splitlines()
    assert str(config) in line
    assert expected in line


@pytest.mark.parametrize("config", ["", "nowhere.toml", "."])
def test_a_file_that_is_not_there(tmp_path: Path, config: str) -> None:
    """It is an error where it is named, and none where the variable is empty."""
    environment = {**CHAMPION, "UNDERSTUDY_CONFIG": config and str(tmp_path / config)}
    if config:
        with pytest.raises(SettingsError, match="cannot be read"):
            read_settings(environment)
    else:
        assert read_settings(environment) == read_settings(CHAMPION)


def test_a_secret_comes_from_a_file(tmp_path: Path) -> None:
    """As orchestrators mount it, with or without a line end; only its path is ever shown."""
    for text in ("https://alerts/s3cret", "https://alerts/s3cret\n", "https://alerts/s3cret\r\n"):
        secret = tmp_path / "webhook"
        secret.write_bytes(text.encode())

        found, sources = read_with_sources(
            {**CHAMPION, "UNDERSTUDY_ALERT_WEBHOOK_FILE": str(secret)}
        )

        assert found.alert_webhook == WebhookUrl.parse("https://alerts/s3cret")
        assert sources["alert_webhook"] == f"UNDERSTUDY_ALERT_WEBHOOK_FILE={secret}"
        assert "s3cret" not in str(found.public())


def test_a_secret_that_cannot_be_read_is_told_without_it(tmp_path: Path) -> None:
    """A file that is missing, no text or no URL, and a secret that is set twice."""
    secret = tmp_path / "webhook"
    variable = {**CHAMPION, "UNDERSTUDY_ALERT_WEBHOOK_FILE": str(secret)}
    with pytest.raises(SettingsError, match=r"ALERT_WEBHOOK_FILE: .*webhook cannot be read"):
        read_settings(variable)
    for content in (b"\xff\xfe", b"s3cret without a scheme"):
        secret.write_bytes(content)
        with pytest.raises(SettingsError) as raised:
            read_settings(variable)
        assert "s3cret" not in str(raised.value)
    with pytest.raises(SettingsError, match="are both set; leave one out"):
        read_settings({**variable, "UNDERSTUDY_ALERT_WEBHOOK": "https://alerts/a"})

"""What the URL of a webhook may be, and what is ever shown of it."""

from __future__ import annotations

import pytest

from service.webhook_url import WebhookUrl


@pytest.mark.parametrize(
    ("text", "host", "port", "target"),
    [
        ("https://hooks.example.org/T01/s3cret", "hooks.example.org", 443, "/T01/s3cret"),
        ("HTTP://Hooks.Example.org", "hooks.example.org", 80, "/"),
        ("http://alerts:8080?key=s3cret#part", "alerts", 8080, "/?key=s3cret"),
        ("http://127.0.0.1:65535//a//b", "127.0.0.1", 65535, "//a//b"),
        ("https://[::1]:8443/a", "::1", 8443, "/a"),
        ("https://user:s3cret@alerts_1.internal./a", "alerts_1.internal.", 443, "/a"),
    ],
)
def test_a_url_is_read(text: str, host: str, port: int, target: str) -> None:
    """Host and port to connect to, and the path with its query to ask for."""
    url = WebhookUrl.parse(text)
    assert (url.host, url.port, url.target) == (host, port, target)


def test_credentials_are_those_of_the_url() -> None:
    """Percent signs are resolved; a user may have no password."""
    url = WebhookUrl.parse("http://a%40b:p%C3%A4ss@alerts/")
    assert url.authorization == "Basic YUBiOnDDpHNz"
    assert WebhookUrl.parse("http://token@alerts/").authorization == "Basic dG9rZW46"
    assert WebhookUrl.parse("http://alerts/").authorization is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:s3cret@hooks.example.org:8443/s3cret?s3cret", "https://hooks.example.org/…"),
        ("http://[::1]:8443/s3cret", "http://[::1]/…"),
        ("http://alerts", "http://alerts/…"),
    ],
)
def test_scheme_and_host_are_all_that_is_shown(text: str, shown: str) -> None:
    """Wherever the URL is printed."""
    url = WebhookUrl.parse(text)
    assert str(url) == repr(url) == f"{url!s:s}" == shown


@pytest.mark.parametrize(
    "text",
    [
        "s3cret",
        "hooks.example.org/s3cret",
        "//hooks.example.org/s3cret",
        "https:s3cret",
        "https://",
        "https:///s3cret",
        "https://user:s3cret@/a",
        "https://:443/s3cret",
        "ftp://hooks.example.org/s3cret",
        "file:///s3cret",
        "unix:/s3cret",
        "https://hooks.example.org:0/s3cret",
        "https://hooks.example.org:65536/s3cret",
        "https://hooks.example.org:-1/s3cret",
        "https://hooks.example.org:s3cret/",
        "https://hooks.example.org/s3\ncret",
        "https://hooks.example.org/s3cret\r\nX: y",
        "https://hooks.example.org/s3 cret",
        " https://hooks.example.org/s3cret",
        "https://hooks.example.org/s3cret\x7f",
        "https://hooks.example.org/s3cr\xe9t",
        "https://h\xf6\xf6ks.example.org/s3cret",
        "https://hooks..example.org/s3cret",
        "https://.example.org/s3cret",
        "https://hooks.example.org\\s3cret",
        "https://hooks%2eexample.org/s3cret",
        "https://[::1/s3cret",
        "https://[s3cret]/",
        f"https://{'a' * 64}.example.org/s3cret",
    ],
)
def test_another_text_is_refused_and_not_shown(text: str) -> None:
    """The error says what is expected, and nothing of a text that may hold a secret."""
    with pytest.raises(ValueError, match="expected an http or https URL") as caught:
        WebhookUrl.parse(text)
    assert "s3" not in str(caught.value)

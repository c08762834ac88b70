"""Keys: who may call what, and how a malformed keys' file is refused."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from guards.errors import CallError
from service.errors import Forbidden, Unauthenticated
from service.http.access import SCOPES, Access, read_access

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.http.endpoint import Endpoint

ROUTES = (
    ("POST", "/v1/classify", "classify"),
    ("POST", "/classify", "classify"),
    ("POST", "/v1/feedback", "feedback"),
    ("GET", "/v1/status", "operate"),
    ("GET", "/metrics", "operate"),
)


def digest(key: str | bytes) -> str:
    """Give what the keys' file holds of a key."""
    return hashlib.sha256(key if isinstance(key, bytes) else key.encode()).hexdigest()


def keys_file(tmp_path: Path, content: object) -> Path:
    """Write a keys' file."""
    path = tmp_path / "keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """Give the access of a file with two keys."""
    keys = [
        {"name": "team", "sha256": digest("one"), "scopes": ["classify", "feedback"]},
        {"name": "operator", "sha256": digest("two").upper(), "scopes": ["operate"]},
        {"name": "accents", "sha256": digest("clé".encode()), "scopes": ["classify"]},
    ]
    return read_access(keys_file(tmp_path, {"keys": keys}))


def test_without_a_file_no_key_is_asked_for() -> None:
    """A service without keys is open."""
    for scope in SCOPES:
        read_access(None).check({}, scope)


@pytest.mark.parametrize(
    ("header", "scope"),
    [
        ("Bearer one", "classify"),
        ("bearer  one ", "feedback"),
        ("Bearer two", "operate"),
        ("Bearer " + "clé".encode().decode("latin-1"), "classify"),
    ],
)
def test_a_key_opens_what_its_scopes_say(access: Access, header: str, scope: str) -> None:
    """The scheme's case and stray spaces are no matter; bytes are taken as they came."""
    access.check({"authorization": header}, scope)


@pytest.mark.parametrize(
    "header", [None, "", "one", "Bearer", "Bearer ", "Basic one", "Bearer three", "Bearer one two"]
)
def test_no_valid_key_is_unauthenticated(access: Access, header: str | None) -> None:
    """Nothing else than a known key as a bearer token is one, and the message shows how."""
    headers = {} if header is None else {"authorization": header}
    with pytest.raises(Unauthenticated, match="Authorization: Bearer KEY"):
        access.check(headers, "classify")


def test_a_key_without_the_scope_is_forbidden(access: Access) -> None:
    """The message names the scope that it lacks."""
    with pytest.raises(Forbidden, match="'operate'"):
        access.check({"authorization": "Bearer one"}, "operate")


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        [],
        {},
        {"keys": {"one": "two"}},
        {"keys": ["one"]},
        {"keys": [{"name": "team", "scopes": ["classify"]}]},
        {"keys": [{"name": "team", "sha256": digest("one")}]},
        {"keys": [{"name": "team", "sha256": "one", "scopes": ["classify"]}]},
        {"keys": [{"name": "team", "sha256": "é" * 64, "scopes": ["classify"]}]},
        {"keys": [{"name": "team", "sha256": digest("one"), "scopes": ["everything"]}]},
        {"keys": [{"name": "team", "sha256": digest("one"), "scopes": "classify"}]},
        {"keys": [{"name": "team", "sha256": digest("one"), "scopes": [["classify"]]}]},
    ],
)
def test_a_malformed_file_is_one_clear_error(tmp_path: Path, content: object) -> None:
    """The error names the file and shows what belongs there, and never a key."""
    path = keys_file(tmp_path, content)
    with pytest.raises(CallError) as caught:
        read_access(path)
    assert str(caught.value).startswith(f'{path}: expected {{"keys": [')


def test_a_missing_file_is_the_same_error(tmp_path: Path) -> None:
    """Keys that were asked for and are not there never leave the door open."""
    with pytest.raises(CallError, match="expected"):
        read_access(tmp_path / "nowhere.json")


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_each_route_asks_for_its_scope(
    strict: Endpoint, method: str, path: str, scope: str
) -> None:
    """401 without a key, 403 with a key for something else, neither with the right one."""
    client = strict.client
    assert client.request(method, path).status_code == 401
    assert client.request(method, path).headers["www-authenticate"] == "Bearer"
    for other in SCOPES:
        headers = {"Authorization": f"Bearer key-{other}"}
        status = client.request(method, path, headers=headers).status_code
        assert (status == 403) == (other != scope), other
        assert status != 401


def test_a_key_is_asked_for_before_anything_is_read(strict: Endpoint) -> None:
    """Whoever has none learns nothing about limits or schema."""
    response = strict.client.post("/v1/classify", content=b"x" * 10_000)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthenticated"


@pytest.mark.parametrize("path", ["/", "/v1/openapi.json"])
def test_the_page_and_the_description_are_open(strict: Endpoint, path: str) -> None:
    """They show nothing of the traffic."""
    assert strict.client.get(path).status_code == 200

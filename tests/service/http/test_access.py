"""Keys: who may call what, and how a malformed keys' file is refused."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.datastructures import Headers

from guards.errors import CallError
from service.dashboard import page
from service.errors import Forbidden, Unauthenticated
from service.http.access import SCOPES, Access, Caller, read_access
from service.http.routes import OPERATIONS

if TYPE_CHECKING:
    from tests.service.http.endpoint import Endpoint

SCOPED = (
    ("POST", "/v1/classify", "classify"),
    ("POST", "/classify", "classify"),
    ("POST", "/v1/feedback", "feedback"),
    ("GET", "/v1/status", "operate"),
    ("GET", "/v1/verdict", "operate"),
    ("GET", "/metrics", "operate"),
)
ANY_KEY = (("GET", "/v1/openapi.json"), ("GET", "/schema.json"))


def digest(key: str | bytes) -> str:
    """Return what the keys' file holds of a key."""
    return hashlib.sha256(key if isinstance(key, bytes) else key.encode()).hexdigest()


def headers(*values: str) -> Headers:
    """Return a request's headers with these ``Authorization`` headers."""
    return Headers(raw=[(b"authorization", value.encode("latin-1")) for value in values])


def keys_file(tmp_path: Path, content: object) -> Path:
    """Write a keys' file."""
    path = tmp_path / "keys.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


@pytest.fixture
def access(tmp_path: Path) -> Access:
    """Return the access of a file with two keys."""
    keys = [
        {"name": "team", "sha256": digest("one"), "scopes": ["classify", "feedback"]},
        {"name": "operator", "sha256": digest("two").upper(), "scopes": ["operate"]},
        {"name": "accents", "sha256": digest("clé".encode()), "scopes": ["classify"]},
    ]
    return read_access(keys_file(tmp_path, {"keys": keys}))


def test_without_a_file_no_key_is_asked_for() -> None:
    """A service without keys is open."""
    caller = read_access(None).check(Headers(), None)
    assert caller == Caller(None, frozenset(SCOPES))
    for scope in SCOPES:
        assert read_access(None).check(Headers(), scope) == caller


@pytest.mark.parametrize(
    ("header", "scope", "name"),
    [
        ("Bearer one", "classify", "team"),
        ("bearer  one ", "feedback", "team"),
        ("Bearer two", "operate", "operator"),
        ("Bearer two", None, "operator"),
        ("Bearer " + "clé".encode().decode("latin-1"), "classify", "accents"),
    ],
)
def test_a_valid_key_names_its_caller(
    access: Access, header: str, scope: str | None, name: str
) -> None:
    """The scheme's case and surrounding spaces are ignored; bytes are taken as they came."""
    assert access.check(headers(header), scope).name == name


@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["one"],
        ["Bearer"],
        ["Bearer "],
        ["Basic one"],
        ["Bearer three"],
        ["Bearer one two"],
        ["Bearer one, Bearer one"],
        ["Bearer one", "Bearer one"],
        ["Bearer one", "Bearer three"],
        ["Bearer three", "Bearer one"],
        ["Basic one", "Bearer one"],
    ],
)
@pytest.mark.parametrize("scope", ["classify", None])
def test_no_valid_key_is_unauthenticated(
    access: Access, values: list[str], scope: str | None
) -> None:
    """Only one header with a known key as a bearer token is valid, and the message shows how."""
    with pytest.raises(Unauthenticated, match="Authorization: Bearer KEY"):
        access.check(headers(*values), scope)


def test_a_key_without_the_scope_is_forbidden(access: Access) -> None:
    """The message names the scope that it lacks."""
    with pytest.raises(Forbidden, match="'operate'"):
        access.check(headers("Bearer one"), "operate")


def test_a_key_without_a_name_is_called_by_its_digest(tmp_path: Path) -> None:
    """The name still identifies one key of the file."""
    key = {"sha256": digest("one"), "scopes": ["classify"]}
    access = read_access(keys_file(tmp_path, {"keys": [key]}))
    name = access.check(headers("Bearer one"), "classify").name
    assert name
    assert digest("one").startswith(name)


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


@pytest.mark.parametrize("scopes", [["classify"], ["operate"]])
def test_a_key_listed_twice_is_refused(tmp_path: Path, scopes: list[str]) -> None:
    """However the digests are spelled: both entries are named, and neither wins."""
    twice = digest("one")
    path = keys_file(
        tmp_path,
        {
            "keys": [
                {"name": "first", "sha256": twice, "scopes": ["classify"]},
                {"name": "second", "sha256": twice.upper(), "scopes": scopes},
            ]
        },
    )
    with pytest.raises(CallError, match="'first' and 'second' are the same key"):
        read_access(path)


def test_a_missing_file_is_the_same_error(tmp_path: Path) -> None:
    """Keys that were asked for and are not there never leave the door open."""
    with pytest.raises(CallError, match="expected"):
        read_access(tmp_path / "nowhere.json")


@pytest.mark.parametrize(
    "content", ["[" * 200_000, '{"keys": ' * 100_000, '{"keys": []}' + " " * 2_000_000]
)
def test_a_file_that_nests_or_never_ends_is_one_clear_error(tmp_path: Path, content: str) -> None:
    """It neither exhausts the stack nor memory."""
    path = keys_file(tmp_path, content)
    with pytest.raises(CallError, match="expected") as caught:
        read_access(path)
    assert str(caught.value).startswith(f"{path}: ")


def test_only_a_regular_file_is_read(tmp_path: Path) -> None:
    """A pipe has nothing to say yet, and a device never ends; a link to a file is one."""
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path, Path("/dev/zero")):
        with pytest.raises(CallError, match="expected a regular file"):
            read_access(path)
    (tmp_path / "link").symlink_to(keys_file(tmp_path, {"keys": []}))
    assert read_access(tmp_path / "link").requires_keys


def test_every_operation_is_listed_here() -> None:
    """An operation that is added needs a decision about its scope."""
    listed = {*SCOPED, *((method, path, None) for method, path in ANY_KEY)}
    assert {(o.method, o.path, o.scope) for o in OPERATIONS} == listed


@pytest.mark.parametrize(("method", "path", "scope"), SCOPED)
def test_each_route_asks_for_its_scope(
    strict: Endpoint, method: str, path: str, scope: str
) -> None:
    """401 without a key, 403 with a key for something else, neither with the right one."""
    client = strict.client
    assert client.request(method, path).status_code == 401
    assert client.request(method, path).headers["www-authenticate"] == "Bearer"
    for other in SCOPES:
        response = client.request(method, path, headers={"Authorization": f"Bearer key-{other}"})
        assert (response.status_code == 403) == (other != scope), other
        assert response.status_code != 401


@pytest.mark.parametrize(("method", "path"), ANY_KEY)
def test_descriptions_need_a_key_and_no_scope(strict: Endpoint, method: str, path: str) -> None:
    """They show the columns, which every client of the service needs to know."""
    assert strict.client.request(method, path).status_code == 401
    for scope in SCOPES:
        headers = {"Authorization": f"Bearer key-{scope}"}
        assert strict.client.request(method, path, headers=headers).status_code == 200


def test_labels_and_categories_are_described_to_operators_alone(strict: Endpoint) -> None:
    """They come from the training table; without keys everybody is an operator."""
    bodies = {
        scope: strict.client.get(
            "/v1/openapi.json", headers={"Authorization": f"Bearer key-{scope}"}
        ).text
        for scope in SCOPES
    }
    assert '"enum":["contract",' in bodies["operate"]
    assert '"examples"' in bodies["operate"]
    for scope in ("classify", "feedback"):
        assert '"contract"' not in bodies[scope]
        assert '"examples"' not in bodies[scope]
        assert '"court"' in bodies[scope]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_health_needs_no_key_for_its_own_path_and_methods(strict: Endpoint, path: str) -> None:
    """GET and HEAD, with whatever body; any other method or path needs a key like the rest."""
    client = strict.client
    for method in ("GET", "HEAD"):
        assert client.request(method, path, content=b"x" * 10_000).status_code == 200
    for method in ("POST", "OPTIONS", "DELETE", "MADEUP"):
        assert client.request(method, path).status_code == 401, method
    for spelling in (f"{path}/", f"{path}%0A", path.upper(), f"{path};x", f"{path}%00"):
        assert client.get(spelling).status_code == 401, spelling


def test_a_key_is_asked_for_before_anything_is_read(strict: Endpoint) -> None:
    """Whoever has none learns nothing about limits or schema."""
    response = strict.client.post("/v1/classify", content=b"x" * 10_000)
    assert response.status_code == 401
    assert response.json()["error"]["code"] == "unauthenticated"


def test_the_dashboard_page_is_open(strict: Endpoint) -> None:
    """The file as it is shipped: it shows nothing until its script has a key for the status."""
    answer = strict.client.get("/")
    assert (answer.status_code, answer.content) == (200, page())


def test_a_second_key_beside_a_valid_one_is_refused(strict: Endpoint) -> None:
    """A proxy may have checked one header and this service the other."""
    both = [("Authorization", "Bearer key-classify"), ("Authorization", "Bearer other")]
    for headers in (both, both[::-1]):
        response = strict.client.post("/v1/classify", json={}, headers=headers)
        assert (response.status_code, response.json()["error"]["code"]) == (401, "unauthenticated")

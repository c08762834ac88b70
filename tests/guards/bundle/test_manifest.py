"""The bundle's record: its root, and which bytes it lets through."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guards.bundle.layout import MANIFEST
from guards.bundle.manifest import root_fingerprint
from guards.bundle.sealed_files import read_sealed
from guards.errors import PartError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

objects = st.dictionaries(
    st.text(), st.recursive(st.one_of(st.integers(), st.text(), st.none()), st.lists, max_leaves=5)
)


def rewritten(path: Path, **changes: Any) -> None:  # noqa: ANN401 (fields by name)
    """Change fields of a manifest and its root with them."""
    manifest = {**json.loads((path / MANIFEST).read_bytes()), **changes}
    text = json.dumps({**manifest, "fingerprint": root_fingerprint(manifest)})
    (path / MANIFEST).write_text(text)


def test_sealed_manifest_gives_its_own_fingerprint(champion: Path) -> None:
    """The root that stands in the manifest is the one that its content gives."""
    manifest = json.loads((champion / MANIFEST).read_bytes())

    assert root_fingerprint(manifest) == manifest["fingerprint"]


def test_manifest_knows_its_inputs(champion: Path) -> None:
    """The schema comes from the manifest, with labels in the order of the network's outputs."""
    schema = read_sealed(champion).manifest.schema_

    assert schema.columns == ("pages", "amount", "court", "sender")
    assert list(schema.labels) == sorted(schema.labels)
    assert all(column.minimum is not None for column in schema.numeric)


@given(objects, st.randoms())
def test_root_does_not_depend_on_order(manifest: JsonObject, random: Any) -> None:  # noqa: ANN401 (hypothesis' own)
    """Reordered keys, other white space and a present fingerprint leave the root alone."""
    items = list(manifest.items())
    random.shuffle(items)
    shuffled = json.loads(json.dumps(dict(items), indent=3))

    body = {key: value for key, value in manifest.items() if key != "fingerprint"}
    assert root_fingerprint(shuffled) == root_fingerprint(manifest) == root_fingerprint(body)


@given(objects, st.text(), st.integers())
def test_root_sees_every_change(manifest: JsonObject, key: str, value: int) -> None:
    """A manifest with another value has another root."""
    changed = {**manifest, key: value}

    same = changed == manifest or key == "fingerprint"
    assert (root_fingerprint(changed) == root_fingerprint(manifest)) is same


def test_the_longest_name_version_and_labels_are_read(
    champion: Path, copied: Callable[[Path], Path]
) -> None:
    """As long as a file's name may be, and labels as long as training makes them."""
    bundle = copied(champion)
    rewritten(bundle, name="n" * 256, version="1" * 256, labels=["a" * 1000, "ß" * 500, "c"])
    assert len(read_sealed(bundle).manifest.identity.name) == 256


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 0},
        {"name": ""},
        {"labels": ["only one"]},
        {"labels": "ab"},
        {"name": "n" * 257},
        {"version": "1" * 3_000_000},
        {"labels": ["a", "b" * 1001]},
        {"text": {"max_length": 0, "long": "head"}},
        {"text": {"max_length": 64, "long": "tail"}},
        {"text": {"max_length": 64, "long": "windows"}},
        {"text": {"max_length": 64, "long": "windows", "overlap": 0.25}},
        {"text": {"max_length": 64, "long": "windows", "most_windows": 16}},
        {"text": {"max_length": 64, "long": "windows", "overlap": 1.0, "most_windows": 16}},
        {"text": {"max_length": 64, "long": "windows", "overlap": -0.1, "most_windows": 16}},
        {"text": {"max_length": 64, "long": "windows", "overlap": math.nan, "most_windows": 16}},
        {"text": {"max_length": 64, "long": "windows", "overlap": 0.25, "most_windows": 1}},
        {"text": {"max_length": 64, "long": "windows", "overlap": 0.25, "most_windows": 10**9}},
        {"text": {"max_length": 64, "long": "head", "overlap": 0.25, "most_windows": 16}},
        {"text": {"max_length": 64, "long": "head-tail", "overlap": 0.25}},
        {"temperature": 0},
        {"temperature": -1.0},
        {"parts": {"a": {"size": -1, "sha256": "0" * 64}}},
        {"parts": {"a": {"size": 1, "sha256": "0" * 63}}},
        {"inputs": {}},
        {"inputs": {"text": ["t"], "numeric": [{"name": "x"}], "categorical": []}},
        {"unheard_of": 1},
        {"environment": {"numpy": 2}},
    ],
)
def test_manifest_with_a_wrong_field_is_refused(
    champion: Path, copied: Callable[[Path], Path], changes: JsonObject
) -> None:
    """Each field is checked, and the refusal says which was wrong."""
    bundle = copied(champion)
    rewritten(bundle, **changes)

    with pytest.raises(PartError) as error:
        read_sealed(bundle)

    (finding,) = error.value.findings
    assert (finding.code, finding.subject) == ("manifest_invalid", MANIFEST)
    assert finding.observed

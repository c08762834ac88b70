"""Two real bundles compared: every kind of difference is said, and nothing else is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load, save

from guards.bundle.sealed_files import read_sealed
from guards.errors import GuardRefused
from guards.integrity.differences.bundle_diff import SECTIONS, BundleDiff, diff_bundles
from tests.faults.resealing import edit_json, edit_manifest, reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

    Edit = Callable[[JsonObject], None]

CONFIG = "model/config.json"
WEIGHTS = "model/model.safetensors"
OTHER = f"sha256:{'5' * 64}"


@pytest.fixture
def edited(champion: Path, copied: Callable[[Path], Path]) -> Callable[[Edit], BundleDiff]:
    """Return a function that edits a copy of the champion's manifest and compares the two."""

    def compare(edit: Edit) -> BundleDiff:
        bundle = copied(champion)
        edit_manifest(bundle, edit)
        return diff_bundles(read_sealed(champion), read_sealed(bundle))

    return compare


def said(diff: BundleDiff, section: str) -> list[str]:
    """Return the sentences of a section."""
    return [one.words for one in diff.differences if one.section == section]


def column(manifest: JsonObject, name: str) -> JsonObject:
    """Return what a manifest says of an input column."""
    inputs = manifest["inputs"]
    return next(one for one in (*inputs["numeric"], *inputs["categorical"]) if one["name"] == name)


def test_a_bundle_is_like_itself(champion: Path) -> None:
    """Nothing differs between a bundle and its copy."""
    sealed = read_sealed(champion)

    diff = diff_bundles(sealed, sealed)

    assert (diff.alike, diff.preprocessed_alike, diff.differences) == (True, True, ())


def test_names_alone_are_no_difference(edited: Callable[[Edit], BundleDiff]) -> None:
    """Another name, version, lineage or metric does not make another bundle."""

    def rename(manifest: JsonObject) -> None:
        manifest.update(name="others", version="9", lineage={}, metrics={})

    diff = edited(rename)

    assert diff.alike
    assert (diff.a["name"], diff.b["name"]) == ("docs", "others")
    assert diff.a["fingerprint"] != diff.b["fingerprint"]


def test_two_trainings(champion: Path, challenger: Path) -> None:
    """Of two bundles trained on other rows, scalers, words, ranges and weights are told."""
    one, other = read_sealed(champion), read_sealed(challenger)

    diff = diff_bundles(one, other)

    assert not diff.alike
    assert not diff.preprocessed_alike
    told = {(found.section, found.subject): found for found in diff.differences}
    mean = told["preprocessing", "pages.mean_"]
    states = [sealed.manifest.preprocessing.state for sealed in (one, other)]
    assert [mean.a, mean.b] == [state["pages.mean_"] for state in states]
    rows = told["preprocessing", "tokenizer.vocabulary"]
    assert isinstance(rows.a, dict)
    assert all(states[0]["tokenizer.vocabulary"][int(row)] == word for row, word in rows.a.items())
    assert rows.words.startswith("vocabulary ")
    assert ("weights", WEIGHTS) in told
    assert ("calibration", "temperature") in told
    assert {"environment", "labels"} & {section for section, _ in told} == set()
    order = [SECTIONS.index(found.section) for found in diff.differences]
    assert order == sorted(order)


def test_order_of_the_two_is_kept(champion: Path, challenger: Path) -> None:
    """What is ``a`` from one side is ``b`` from the other."""
    one, other = read_sealed(champion), read_sealed(challenger)

    there, back = diff_bundles(one, other), diff_bundles(other, one)

    assert [(d.subject, d.a, d.b) for d in there.differences] == [
        (d.subject, d.b, d.a) for d in back.differences
    ]


def test_diff_as_json(champion: Path, challenger: Path) -> None:
    """The diff is plain JSON of the documented shape."""
    document = diff_bundles(read_sealed(champion), read_sealed(challenger)).to_json()

    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert set(document) == {"a", "b", "alike", "preprocessed_alike", "differences"}
    assert set(document["a"]) == {"name", "version", "fingerprint"}
    assert all(
        set(one) == {"section", "subject", "a", "b", "words"} for one in document["differences"]
    )


def test_schema(edited: Callable[[Edit], BundleDiff]) -> None:
    """Ranges, categories, flags, text columns, maximum length and order are told."""

    def change(manifest: JsonObject) -> None:
        column(manifest, "pages").update(maximum=1000.0, required=True)
        column(manifest, "court")["categories"].remove("NDCA")
        manifest["inputs"]["numeric"].reverse()
        manifest["inputs"]["text"] = ["text", "title"]
        windows = {"long": "windows", "overlap": 0.25, "most_windows": 16}
        manifest["text"] = {"max_length": 32, **windows}

    words = said(edited(change), "schema")

    assert 'columns: order "pages", "amount" → "amount", "pages"' in words
    assert 'court categories: "NDCA" removed' in words
    assert any(one.startswith("pages.maximum ") and one.endswith(" → 1000") for one in words)
    assert "pages.required false → true" in words
    assert "text.max_length 64 → 32" in words
    assert 'text.long "head" → "windows"' in words
    assert "text.overlap none → 0.25" in words
    assert "text.most_windows none → 16" in words
    assert 'text columns: "title" added' in words
    assert len(words) == 9


def test_columns_that_one_lacks(edited: Callable[[Edit], BundleDiff]) -> None:
    """A column that came or went is one difference, whatever it held."""

    def change(manifest: JsonObject) -> None:
        categorical = manifest["inputs"]["categorical"]
        categorical.remove(column(manifest, "court"))
        categorical.append({"name": "zone", "categories": ["a", "b"]})

    assert said(edited(change), "schema") == ['columns: "court" removed, "zone" added']


def test_a_column_of_another_kind(edited: Callable[[Edit], BundleDiff]) -> None:
    """A number that became a category is told."""

    def change(manifest: JsonObject) -> None:
        inputs = manifest["inputs"]
        inputs["numeric"].remove(column(manifest, "amount"))
        inputs["categorical"].insert(0, {"name": "amount", "categories": ["1"]})

    assert 'amount.kind "numeric" → "categorical"' in said(edited(change), "schema")


def test_labels(edited: Callable[[Edit], BundleDiff]) -> None:
    """Two labels that changed places are told by their numbers."""

    def swap(manifest: JsonObject) -> None:
        labels = manifest["labels"]
        labels[0], labels[2] = labels[2], labels[0]

    diff = edited(swap)

    assert said(diff, "labels") == ["id2label 0 ↔ 2"]
    assert len(diff.differences) == 1


def test_environment_and_calibration(edited: Callable[[Edit], BundleDiff]) -> None:
    """Library versions and the temperature are told with both values."""

    def change(manifest: JsonObject) -> None:
        manifest["environment"]["numpy"] = "1.0"
        del manifest["environment"]["scipy"]
        manifest["temperature"] *= 2

    diff = edited(change)

    numpy, scipy = said(diff, "environment")
    assert numpy.startswith("numpy ")
    assert numpy.endswith(" → 1.0")
    assert scipy.endswith(" → none")
    (temperature,) = said(diff, "calibration")
    assert temperature.startswith("temperature ")
    assert len(diff.differences) == 3


def test_weights(champion: Path, copied: Callable[[Path], Path]) -> None:
    """Values, precisions and the architecture's fields are told, names of versions are not."""
    bundle = copied(champion)
    weights = dict(load((bundle / WEIGHTS).read_bytes()))
    weights["join.weight"] = weights["join.weight"] + 1
    weights["output.bias"] = weights["output.bias"].astype(np.float16)
    weights["more"] = np.zeros((2, 3), dtype=np.float32)
    reseal(bundle, {WEIGHTS: save(weights)})

    def change(config: JsonObject) -> None:
        config["encoder"]["num_attention_heads"] = 8
        config.update(transformers_version="1", preprocessing_fingerprint=OTHER, id2label={})

    edit_json(bundle, CONFIG, change)

    diff = diff_bundles(read_sealed(champion), read_sealed(bundle))

    labels = len(read_sealed(champion).manifest.labels)
    assert said(diff, "weights") == [
        "encoder.num_attention_heads 4 → 8",
        'more none → "F32 [2, 3]"',
        f'output.bias "F32 [{labels}]" → "F16 [{labels}]"',
        f"1 of {len(weights) - 1} tensors hold other values: join.weight",
    ]
    assert len(diff.differences) == 4


@pytest.mark.parametrize(
    ("part", "data"),
    [(CONFIG, b"[]"), (CONFIG, b'{"a":' + b"[" * 600 + b"]" * 600 + b"}"), (WEIGHTS, b"junk")],
    ids=["no configuration", "configuration without end", "no weights"],
)
def test_parts_that_cannot_be_read(
    champion: Path, copied: Callable[[Path], Path], part: str, data: bytes
) -> None:
    """A configuration or weights that are none are a refusal of the bundle that holds them."""
    bundle = copied(champion)
    reseal(bundle, {part: data})

    with pytest.raises(GuardRefused) as refusal:
        diff_bundles(read_sealed(champion), read_sealed(bundle))

    assert refusal.value.subject == str(bundle)
    (finding,) = refusal.value.findings
    assert (finding.code, finding.subject) == ("part_unreadable", part)


def test_private_values_are_digests(
    champion: Path, challenger: Path, copied: Callable[[Path], Path]
) -> None:
    """A column that one bundle declares private is private on both sides, in every section."""
    bundle = copied(challenger)

    def change(manifest: JsonObject) -> None:
        for name in ("sender", "pages"):
            column(manifest, name)["private"] = True
        column(manifest, "sender")["categories"].append("Secret Sender")
        manifest["inputs"]["text"].append("title")
        manifest["labels"].reverse()

    edit_manifest(bundle, change)

    diff = diff_bundles(read_sealed(champion), read_sealed(bundle))

    hidden = [one for one in diff.differences if one.subject.startswith(("sender.", "pages."))]
    assert {one.section for one in hidden} == {"preprocessing", "schema"}
    for one in hidden:
        if not one.subject.endswith(".private"):
            assert str(one.a).startswith("private, sha256:")
            assert str(one.b).startswith("private, sha256:")
            assert one.words == f"{one.subject} differs (private)"
    assert any(one.words == "sender.private false → true" for one in hidden)
    assert "Secret Sender" not in json.dumps(diff.to_json())
    assert said(diff, "labels")[0].startswith("id2label 0 ↔ ")
    assert 'text columns: "title" added' in said(diff, "schema")
    (mean,) = [one.a for one in diff.differences if one.subject == "amount.mean_"]
    assert isinstance(mean, float)
    assert mean > 0


def test_preprocessing_that_differs_in_what_has_no_name(
    edited: Callable[[Edit], BundleDiff],
) -> None:
    """Two fingerprints never differ without a word."""
    diff = edited(lambda manifest: manifest["preprocessing"].update(fingerprint=OTHER))

    (difference,) = diff.differences
    assert not diff.preprocessed_alike
    assert (difference.section, difference.b) == ("preprocessing", OTHER)


def test_form_that_the_columns_take(champion: Path, copied: Callable[[Path], Path]) -> None:
    """In which types columns were trained elsewhere is compared, column by column."""
    frames = [
        {"shape": "array", "columns": [{"name": "court", "natives": {"NDCA": number}}]}
        for number in (1, 2)
    ]
    first = copied(champion)
    edit_manifest(first, lambda one: one["preprocessing"].update(frame=frames[0]))
    sealed = read_sealed(first)
    edit_manifest(
        first, lambda one: one["preprocessing"].update(frame=frames[1], fingerprint=OTHER)
    )

    assert said(diff_bundles(sealed, read_sealed(first)), "preprocessing") == [
        "court.frame.natives NDCA 1 → NDCA 2"
    ]
    assert said(diff_bundles(read_sealed(champion), read_sealed(first)), "preprocessing") == [
        'frame.shape none → "array"'
    ]


def test_bundle_that_was_described_otherwise(edited: Callable[[Edit], BundleDiff]) -> None:
    """A bundle sealed before values had their present names is compared by those that both have."""

    def older(manifest: JsonObject) -> None:
        preprocessing = manifest["preprocessing"]
        state = preprocessing["state"]
        mean = state["pages.mean_"] + 1
        preprocessing.update(fingerprint=OTHER, state={"pages.mean_": mean, "gone.since": 1})

    (difference,) = edited(older).differences

    assert difference.subject == "pages.mean_"

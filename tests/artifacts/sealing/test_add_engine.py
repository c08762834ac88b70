"""A sealed bundle gets an engine, or stays exactly as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from artifacts.bundle.network import model_of
from artifacts.bundle.opening import open_bundle
from artifacts.sealing.add_engine import accelerate
from guards.bundle.engines import ENGINES
from guards.bundle.layout import MANIFEST, SIGNATURE
from guards.errors import GuardRefused
from tests.models import hard_to_quantise

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def contents(bundle: Path) -> dict[str, bytes]:
    """Read every file of a bundle."""
    return {
        str(path.relative_to(bundle)): path.read_bytes()
        for path in bundle.rglob("*")
        if path.is_file()
    }


def test_the_bundle_gains_an_engine_and_nothing_else(champion: Path, accelerated: Path) -> None:
    """Every other part is as it was, the guard passes it, and the root says that it is another."""
    before, after = contents(champion), contents(accelerated)

    assert {name: after[name] for name in before if name != MANIFEST} == {
        name: data for name, data in before.items() if name != MANIFEST
    }
    assert {*after} - {*before} == {
        "engines/onnx-int8/model.onnx",
        "engines/onnx-int8/probabilities.npy",
    }
    bundle = open_bundle(accelerated)
    assert {*bundle.engines} == {"onnx-int8"}
    assert bundle.manifest.fingerprint != open_bundle(champion).manifest.fingerprint
    assert np.isfinite(bundle.engines["onnx-int8"].answers).all()


def test_a_bundle_may_carry_several(copied: Callable[[Path], Path], accelerated: Path) -> None:
    """The engine that is named is there beside the other, with its report and its own answers."""
    bundle = copied(accelerated)

    accelerate(open_bundle(bundle), None, max_flips=1.0, engines=["torch-bf16"])

    opened = open_bundle(bundle)
    assert {*opened.engines} == {*(opened.manifest.parity or {})} == {*ENGINES}
    assert opened.engines["torch-bf16"].graph is None
    eight, sixteen = (engine.answers for engine in opened.engines.values())
    assert not np.array_equal(eight, sixteen)


def test_a_signature_is_left_out(copied: Callable[[Path], Path], champion: Path) -> None:
    """What somebody signed is not what is there now."""
    bundle = copied(champion)
    (bundle / SIGNATURE).write_text("{}")

    accelerate(open_bundle(bundle), None, max_flips=1.0, engines=["torch-bf16"])

    assert not (bundle / SIGNATURE).exists()
    open_bundle(bundle)


def test_an_engine_over_its_budget_is_reported_beside_the_one_that_is_not(
    copied: Callable[[Path], Path], bundle_of: Callable[[str], Path]
) -> None:
    """Who reads the manifest learns why the bundle does not carry the faster one."""
    bundle = copied(bundle_of("sealed bert"))
    opened = open_bundle(bundle)
    stubborn = replace(opened, network=hard_to_quantise(opened.network))

    done = accelerate(stubborn, None, max_flips=0.0, engines=ENGINES)

    manifest = json.loads((bundle / MANIFEST).read_bytes())
    assert done.sealed
    assert {*manifest["parity"]} == {*ENGINES}
    assert not [part for part in manifest["parts"] if "onnx-int8" in part]


def test_over_its_budget_the_bundle_stays_as_it_is(
    copied: Callable[[Path], Path], bundle_of: Callable[[str], Path]
) -> None:
    """No byte changes, and nothing is left lying beside it."""
    bundle = copied(bundle_of("sealed bert"))
    before = contents(bundle)
    opened = open_bundle(bundle)

    # In sixteen bits all logits are equal then.
    model_of(opened.network).get_parameter("classifier.bias").data += 1e4
    done = accelerate(opened, None, max_flips=0.0, engines=["torch-bf16"])

    assert [one.parity.flips > 0 for one in done.built] == [True]
    assert not done.sealed
    assert contents(bundle) == before
    assert json.loads(before[MANIFEST])["fingerprint"] == done.fingerprint
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]


def test_a_bundle_that_another_took_the_place_of_stays(
    copied: Callable[[Path], Path], champion: Path, challenger: Path
) -> None:
    """What was not judged is not sealed, however well it fits together."""
    bundle, other = copied(champion), copied(challenger)
    opened = open_bundle(bundle)
    bundle.rename(bundle.with_name("judged"))
    other.rename(bundle)

    with pytest.raises(GuardRefused) as refusal:
        accelerate(opened, None, max_flips=1.0, engines=["torch-bf16"])

    assert [finding.code for finding in refusal.value.findings] == ["bundle_replaced"]
    assert contents(bundle) == contents(challenger)

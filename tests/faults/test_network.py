"""A network, labels or libraries that are not the ones that were sealed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from safetensors.numpy import load, save

from artifacts.bundle.opening import open_bundle
from guards.integrity.environment import installed_environment
from guards.integrity.requirements import Requirements
from tests.faults.resealing import (
    agree,
    edit_json,
    edit_manifest,
    findings_of,
    reseal,
    the_finding,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]

CONFIG = "model/config.json"
WEIGHTS = "model/model.safetensors"


def permute(labels: dict[str, str]) -> dict[str, str]:
    """Return every place the label of the next one."""
    names = list(labels.values())
    return dict(zip(labels, [*names[1:], names[0]], strict=True))


def test_labels_permuted_in_the_network(champion: Path, copied: Copy) -> None:
    """Labels in another order than the manifest's are refused with both orders, and the moves."""
    bundle = copied(champion)
    labels = json.loads((bundle / "manifest.json").read_bytes())["labels"]
    edit_json(bundle, CONFIG, lambda config: config.update(id2label=permute(config["id2label"])))

    finding = the_finding(findings_of(bundle), "labels_changed", CONFIG)

    def listed(names: list[str]) -> str:
        return ", ".join(f'"{name}"' for name in names)

    assert finding.expected == f"labels in the order {listed(labels)}"
    assert finding.observed.startswith(listed([*labels[1:], labels[0]]))
    assert f'(id2label "{labels[1]}" 1 → 0, "{labels[2]}" 2 → 1' in finding.observed


def test_two_labels_exchanged(champion: Path, copied: Copy) -> None:
    """Two labels in each other's place are named by their numbers."""
    bundle = copied(champion)

    def exchange(config: JsonObject) -> None:
        labels = config["id2label"]
        labels["0"], labels["2"] = labels["2"], labels["0"]

    edit_json(bundle, CONFIG, exchange)

    observed = the_finding(findings_of(bundle), "labels_changed", CONFIG).observed
    assert observed.endswith("(id2label 0 ↔ 2)")


def test_labels_sorted_as_strings(champion: Path, copied: Copy) -> None:
    """Twelve labels whose numbers were sorted as texts are told as just that."""
    bundle = copied(champion)
    labels = [f"label {number}" for number in range(12)]
    edit_manifest(bundle, lambda manifest: manifest.update(labels=labels))
    agree(bundle)
    as_strings = [labels[int(number)] for number in sorted(map(str, range(12)))]
    id2label = {str(number): label for number, label in enumerate(as_strings)}
    edit_json(bundle, CONFIG, lambda config: config.update(id2label=id2label))

    observed = the_finding(findings_of(bundle), "labels_changed", CONFIG).observed
    assert observed.endswith("(id2label sorted as strings: 0, 1, 10, 11, 2 …)")


@pytest.mark.parametrize("id2label", [None, [], "contract", {}])
def test_network_without_labels(champion: Path, copied: Copy, id2label: object) -> None:
    """A network without a proper label map is refused, without a traceback."""
    bundle = copied(champion)
    edit_json(bundle, CONFIG, lambda config: config.update(id2label=id2label))

    assert the_finding(findings_of(bundle), "labels_changed", CONFIG).observed == "none"


def test_labels_permuted_everywhere(champion: Path, copied: Copy) -> None:
    """Labels are part of the preprocessing fingerprint, so changing both places does not help."""
    bundle = copied(champion)
    edit_json(bundle, CONFIG, lambda config: config.update(id2label=permute(config["id2label"])))

    def rotate(manifest: JsonObject) -> None:
        manifest["labels"] = [*manifest["labels"][1:], manifest["labels"][0]]

    edit_manifest(bundle, rotate)

    the_finding(findings_of(bundle), "preprocessing_changed", "preprocessing")


def test_weights_of_another_precision(champion: Path, copied: Copy) -> None:
    """Weights that were halved are refused, however close their answers come."""
    bundle = copied(champion)
    weights = load((bundle / WEIGHTS).read_bytes())
    reseal(bundle, {WEIGHTS: save({name: w.astype(np.float16) for name, w in weights.items()})})

    finding = the_finding(findings_of(bundle), "weights_of_another_precision", WEIGHTS)

    assert finding.expected == "torch.float32"
    assert finding.observed.startswith("torch.float16")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), 3e38, -1e16])
def test_weights_that_no_probe_uses(champion: Path, copied: Copy, value: float) -> None:
    """One number that no network can compute with, in the row of a token of no probe, is found."""
    bundle = copied(champion)
    weights = load((bundle / WEIGHTS).read_bytes())
    (name,) = (name for name in weights if name.endswith("word_embeddings.weight"))
    weights[name] = weights[name].copy()
    weights[name][-1, 3] = value
    reseal(bundle, {WEIGHTS: save(weights)})

    finding = the_finding(findings_of(bundle), "weights_not_finite", WEIGHTS)

    assert finding.observed == f"{value:g} in {name!r} at ({len(weights[name]) - 1}, 3)"


def test_weights_of_another_model(champion: Path, copied: Copy) -> None:
    """Other weights of the same shapes answer the probes otherwise."""
    bundle = copied(champion)
    generator = np.random.default_rng(0)
    others = {
        name: generator.normal(scale=0.05, size=weights.shape).astype(np.float32)
        for name, weights in load((bundle / WEIGHTS).read_bytes()).items()
    }
    reseal(bundle, {WEIGHTS: save(others)})

    findings = findings_of(bundle)

    assert {finding.code for finding in findings} == {"probe_failed"}
    assert {finding.subject for finding in findings} <= {"probes: labels", "probes: probabilities"}


def test_weights_of_other_shapes(champion: Path, copied: Copy) -> None:
    """Weights that do not fit into the network are refused, and the first reason is given."""
    bundle = copied(champion)
    weights = load((bundle / WEIGHTS).read_bytes())
    reseal(bundle, {WEIGHTS: save({**weights, "output.bias": np.zeros(2, dtype=np.float32)})})

    finding = the_finding(findings_of(bundle), "network_mismatch", CONFIG)

    assert finding.observed.startswith("'output.bias' of shape")


def test_other_library_versions_are_refused_under_exact(champion: Path, copied: Copy) -> None:
    """Other library versions are refused under ``exact``, and pass under ``probed``."""
    bundle = copied(champion)
    edit_manifest(
        bundle, lambda manifest: manifest["environment"].update(numpy="1.0.0", torch="2.0.0")
    )

    findings = findings_of(bundle, Requirements("exact"))

    assert [finding.subject for finding in findings] == ["numpy", "torch"]
    finding = the_finding(findings, "environment_differs", "numpy")
    assert (finding.expected, finding.observed) == ("1.0.0", installed_environment()["numpy"])
    assert "numpy 1.0.0" in finding.remedy
    assert open_bundle(bundle).manifest.environment["numpy"] == "1.0.0"


def test_same_library_versions_pass_under_exact(champion: Path) -> None:
    """The libraries that a bundle was sealed under pass under ``exact``."""
    open_bundle(champion, Requirements("exact"))

"""``understudy accelerate``: what it prints, and how it exits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import onnx
import pytest
from onnx import numpy_helper

from artifacts.bundle.opening import open_bundle
from artifacts.demo.documents import champion_training
from guards.errors import GuardRefused
from tests.faults.resealing import edit_manifest, reseal
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

GRAPH = "engines/onnx-int8/model.onnx"


@pytest.fixture
def bundle(copied: Callable[[Path], Path], champion: Path) -> Path:
    """Return a copy of the champion, which has no engine yet."""
    return copied(champion)


@pytest.fixture
def held_out(tmp_path: Path) -> Path:
    """Write a table of documents that training did not see."""
    frame: pd.DataFrame = champion_training(60, 9)
    frame.to_csv(path := tmp_path / "held_out.csv", index=False)
    return path


def test_within_the_budget_the_bundle_has_an_engine(
    bundle: Path, held_out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what changes, on how many documents, and the bundle's new fingerprint."""
    documents = ("--documents", held_out, "--max-flips", "1")
    assert exit_code("accelerate", bundle, *documents, "--engine", "torch-bf16") == 0

    printed = capsys.readouterr()
    opened = open_bundle(bundle)
    assert printed.out.startswith("torch-bf16: ")
    assert "of 30 labels flip" in printed.out
    assert opened.manifest.fingerprint in printed.err
    assert opened.manifest.parity is not None
    assert opened.manifest.parity["torch-bf16"].documents == 30


def test_json_is_one_document(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The report as the manifest has it, with the fingerprint, and nothing beside it."""
    assert (
        exit_code("accelerate", bundle, "--json", "--max-flips", "1", "--engine", "torch-bf16") == 0
    )

    printed = json.loads(capsys.readouterr().out)
    manifest = json.loads((bundle / "manifest.json").read_bytes())
    assert printed == {"fingerprint": manifest["fingerprint"], "parity": manifest["parity"]}


def another_word(bundle: Path) -> None:
    """Let the graph have another embedding of one word."""
    model = onnx.load(bundle / GRAPH)
    words = next(one for one in model.graph.initializer if "word_embeddings" in one.name)
    values = numpy_helper.to_array(words).copy()
    values[77] = values[78]
    words.CopyFrom(numpy_helper.from_array(values, words.name))
    reseal(bundle, {GRAPH: model.SerializeToString()})


def over_budget(bundle: Path) -> None:
    """Let the report say that more labels changed than may."""
    edit_manifest(bundle, lambda manifest: manifest["parity"]["onnx-int8"].update(flips=10**6))


def answers_of_no_numbers(bundle: Path) -> None:
    """Let the engine's answers to the probes be no array."""
    reseal(bundle, {"engines/onnx-int8/probabilities.npy": b"none"})


def test_a_refused_engine_is_replaced(
    copied: Callable[[Path], Path], accelerated: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the finding says to do can be done, and mends the bundle."""
    bundle = copied(accelerated)
    another_word(bundle)
    over_budget(bundle)

    assert exit_code("accelerate", bundle, "--max-flips", "1") == 0

    assert capsys.readouterr().out.startswith("onnx-int8: ")
    assert open_bundle(bundle).engines["onnx-int8"].bound


@pytest.mark.parametrize("change", [another_word, over_budget, answers_of_no_numbers])
def test_a_refused_engine_is_removed_where_none_takes_its_place(
    copied: Callable[[Path], Path],
    accelerated: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
) -> None:
    """The bundle opens again, whichever engine was asked for."""
    bundle = copied(accelerated)
    change(bundle)
    with pytest.raises(GuardRefused):
        open_bundle(bundle)

    assert exit_code("accelerate", bundle, "--max-flips", "1", "--engine", "torch-bf16") == 0

    assert {*open_bundle(bundle).engines} == {"torch-bf16"}
    assert "onnx-int8: removed" in capsys.readouterr().err


def test_an_empty_directory_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The guard looks first, as everywhere."""
    assert exit_code("accelerate", tmp_path) == 78
    assert "manifest_missing" in capsys.readouterr().err


def test_an_engine_that_there_is_not_is_a_wrong_call(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped name is answered with the names that there are."""
    assert exit_code("accelerate", bundle, "--engine", "onnx-int4") == 2
    assert "onnx-int8" in capsys.readouterr().err

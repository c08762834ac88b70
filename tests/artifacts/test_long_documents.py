"""Documents whose last words decide, trained from the command line in each of the three ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.bundle.truncation import Truncation
from guards.drift.feature_reference import CategoricalReference
from service.cli import main

if TYPE_CHECKING:
    from guards.bundle.manifest import Long

WORDS = ("court", "has", "heard", "both", "parties", "and", "read", "papers", "they", "filed")
ENDINGS = {"granted": "claim allowed in full", "denied": "action dismissed without costs"}
READS_THE_END = {"head": False, "head-tail": True, "windows": True}


def documents(number: int, seed: int) -> pd.DataFrame:
    """Write documents of about thirty words, alike but for how they end."""
    generator = np.random.default_rng(seed)
    labels = [list(ENDINGS)[place % 2] for place in range(number)]
    texts = [
        " ".join([*generator.choice(WORDS, size=generator.integers(24, 34)), ENDINGS[label]])
        for label in labels
    ]
    return pd.DataFrame({"text": texts, "label": labels})


@pytest.fixture(scope="module", params=READS_THE_END)
def long(request: pytest.FixtureRequest) -> Long:
    """Return each way to cut."""
    way: Long = request.param
    return way


@pytest.fixture(scope="module")
def bundle(long: Long, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """Train with one way to cut, and open what was sealed."""
    folder = tmp_path_factory.mktemp("long")
    documents(100, 1).to_csv(table := folder / "t.csv", index=False)
    out = folder / "decisions" / "1"
    options = ("--max-length", "16", "--long", long, "--epochs", "6", "--no-accelerate")
    with pytest.raises(SystemExit) as done:
        main(
            ["train", str(table), "--text", "text", "--label", "label", *options, "--out", str(out)]
        )
    assert not done.value.code
    return open_bundle(out)


def test_the_way_is_sealed(bundle: Bundle, long: Long) -> None:
    """What is opened cuts as it was trained, and only windows have more to say in the manifest."""
    described = bundle.manifest.text.to_json()

    assert bundle.preprocessing.truncation == Truncation(16, long)
    assert described == Truncation(16, long).to_json()
    assert (set(described) == {"max_length", "long"}) is (long != "windows")


def test_the_end_decides(bundle: Bundle, long: Long) -> None:
    """Head and tail, and windows, answer by the last words; the head alone can only guess."""
    others = documents(60, 9)
    asked = [{"text": text, "features": {}} for text in others["text"]]

    answers = bundle.probe(asked).probabilities.argmax(axis=1)

    right = np.mean([bundle.labels[place] for place in answers] == others["label"].to_numpy())
    if READS_THE_END[long]:
        assert right > 0.9
    else:
        assert 0.3 < right < 0.7


def test_truncated_is_what_the_network_does_not_see(bundle: Bundle, long: Long) -> None:
    """Windows hold these documents whole; the others leave tokens out, and say so."""
    asked = [{"text": text, "features": {}} for text in documents(20, 9)["text"]]
    encodings = bundle.preprocessing.encode_documents(asked)

    whole = long == "windows"
    reference = bundle.reference.features["text.truncated"]
    assert isinstance(reference, CategoricalReference)
    assert {encoding.truncated for encoding in encodings} == {not whole}
    assert {encoding.token_ids.shape[1] for encoding in encodings} == {16}
    assert {len(encoding.token_ids) > 1 for encoding in encodings} == {whole}
    assert dict(zip(reference.categories, reference.counts, strict=False))["true"] == (
        0 if whole else bundle.reference.documents
    )


def test_an_unknown_way(capsys: pytest.CaptureFixture[str]) -> None:
    """Another word is refused with the three that there are."""
    with pytest.raises(SystemExit) as done:
        main(["train", "t.csv", "--text", "t", "--label", "l", "--long", "tail", "--out", "o"])

    assert done.value.code == 2
    assert "'head', 'head-tail', 'windows'" in capsys.readouterr().err

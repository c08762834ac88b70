"""What every engine promises, whatever runs the network."""

from __future__ import annotations

import platform
import random
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from artifacts.bundle.inference import collect_probabilities, embedded_passes, probabilities_of
from artifacts.bundle.opening import Bundle, open_bundle
from guards.bundle.engines import TORCH_BF16
from guards.integrity.parity import NOTABLE
from service.engines import batching
from service.engines.batching import BatchingEngine
from service.engines.onnx import OnnxEngine
from service.engines.torch import TorchEngine
from tests.bundles import NETWORKS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from artifacts.bundle.preprocessing import Encoding
    from artifacts.tables import Table
    from service.engines import Engine

ENGINES: dict[str, Callable[[Bundle], Engine]] = {
    "torch": TorchEngine,
    "torch-bf16": lambda bundle: TorchEngine(bundle, "torch-bf16"),
    "torch-bf16 in batches": lambda bundle: BatchingEngine(bundle, torch.device("cpu")),
    "onnx-int8": lambda bundle: OnnxEngine(bundle, "onnx-int8"),
}

# With other documents beside it, a matrix product has another shape, and may round differently.
CLOSE = 1e-6
CLOSE_TO_NETWORK = {"torch": CLOSE, "torch-bf16": NOTABLE, "onnx-int8": NOTABLE}
CLOSE_EMBEDDING = {"torch": 1e-5, "torch-bf16": 0.05, "onnx-int8": 0.1}
"""The distance to the network's embedding, in parts of its length."""

CUTS_OFF = platform.machine() == "x86_64" and not torch.cpu._is_vnni_supported()  # noqa: SLF001
"""Without VNNI, the sum of two products of eight bits is cut off at 16 bits, and answers are those
of another network: ``accelerate`` and every start tell by the probes."""


def close(engine: Engine) -> float:
    """Return how far other documents of a pass may move an answer: by rounding."""
    return 0.01 if engine.name == TORCH_BF16 else CLOSE


def _skip_where_sums_are_cut_off(engine: Engine) -> None:
    if engine.name == "onnx-int8" and CUTS_OFF:
        pytest.skip("this processor has no VNNI, which eight bits need for close answers")


@pytest.fixture(scope="module", autouse=True)
def _small_batches() -> Iterator[None]:
    """Fill a batch with a few documents: these do not run on the device it is made for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batching, "_MAX_TOKENS", 1024)
        yield


@pytest.fixture(scope="module", params=NETWORKS)
def bundle(request: pytest.FixtureRequest, accelerated_of: Callable[[str], Path]) -> Bundle:
    """Return a bundle of each kind of network with every engine, opened."""
    return open_bundle(accelerated_of(request.param))


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest, bundle: Bundle) -> Engine:
    """Return one engine after the other, warmed up."""
    engine = ENGINES[request.param](bundle)
    engine.warm_up()
    assert engine.name == request.param.split()[0]
    return engine


@pytest.fixture(scope="module")
def encodings(bundle: Bundle, small_table: Table) -> list[Encoding]:
    """Encode documents of many lengths: empty, of one length, and longer than the maximum."""
    documents = small_table.documents[:12]
    texts = [document["text"] for document in documents]
    texts[:4] = ["", "the " * 200, "word", "term"]
    return bundle.preprocessing.encode(texts, bundle.preprocessing.canonical(documents))


@pytest.fixture(scope="module")
def probabilities(engine: Engine, encodings: list[Encoding]) -> NDArray[np.float32]:
    """Return the engine's answers to all documents in one call."""
    return engine.probabilities(encodings)


@pytest.fixture(scope="module")
def embedded(
    engine: Engine, encodings: list[Encoding]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return its answers to them with the embedding, in another call."""
    return engine.embedded_probabilities(encodings)


def test_shape_and_dtype(
    probabilities: NDArray[np.float32], bundle: Bundle, encodings: list[Encoding]
) -> None:
    """Answers are float32 [documents, classes], each a distribution over the labels."""
    assert probabilities.shape == (len(encodings), len(bundle.labels))
    assert probabilities.dtype == np.float32
    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-6)


def test_answers_are_those_of_the_sealed_network(
    engine: Engine,
    bundle: Bundle,
    encodings: list[Encoding],
    probabilities: NDArray[np.float32],
) -> None:
    """Same input, same answer as when the bundle was sealed."""
    _skip_where_sums_are_cut_off(engine)

    sealed = probabilities_of(bundle.network, bundle.manifest.temperature, encodings)

    np.testing.assert_allclose(probabilities, sealed, atol=CLOSE_TO_NETWORK[engine.name])


@pytest.mark.parametrize("index", [0, 1, 10])
def test_an_answer_does_not_depend_on_how_many_processors_give_it(
    engine: Engine, encodings: list[Encoding], index: int
) -> None:
    """An exclusive pass, on all processors, gives the answer of a pass on one."""
    document = [encodings[index]]

    exclusive = engine.probabilities(document, exclusive=True)

    np.testing.assert_allclose(exclusive, engine.probabilities(document), atol=CLOSE)


def test_same_input_same_output(
    engine: Engine, encodings: list[Encoding], probabilities: NDArray[np.float32]
) -> None:
    """Asking twice gives the same answer to the last bit."""
    np.testing.assert_array_equal(engine.probabilities(encodings), probabilities)


def test_batch_equals_one_by_one(
    engine: Engine, encodings: list[Encoding], probabilities: NDArray[np.float32]
) -> None:
    """A document's answer is the same alone and among others."""
    singles = np.concatenate([engine.probabilities([encoding]) for encoding in encodings])

    np.testing.assert_allclose(probabilities, singles, atol=close(engine))


def test_order_is_kept(
    engine: Engine, encodings: list[Encoding], probabilities: NDArray[np.float32]
) -> None:
    """Documents in another order have their answers in that order."""
    indices = list(range(len(encodings)))
    random.Random(0).shuffle(indices)  # noqa: S311 (an order, not a secret)

    shuffled = engine.probabilities([encodings[index] for index in indices])

    np.testing.assert_allclose(shuffled, probabilities[indices], atol=close(engine))


def test_answer_does_not_depend_on_the_other_documents(
    engine: Engine, encodings: list[Encoding]
) -> None:
    """A document among copies of itself, and among the longest and the shortest, answers alike."""
    document, longest, shortest = encodings[10], encodings[1], encodings[0]
    batches = ([document] * 7, [document, *[longest] * 5], [document, shortest, document])
    (single,) = engine.probabilities([document])

    for batch in batches:
        np.testing.assert_allclose(engine.probabilities(batch)[0], single, atol=close(engine))


def test_input_is_not_changed(engine: Engine, encodings: list[Encoding]) -> None:
    """Encodings are the same before and after: the challenger gets them too."""
    before = deepcopy(encodings)

    engine.probabilities(encodings)

    for ours, theirs in zip(before, encodings, strict=True):
        np.testing.assert_array_equal(ours.token_ids, theirs.token_ids)
        np.testing.assert_array_equal(ours.columns, theirs.columns)
        assert (ours.row, ours.truncated) == (theirs.row, theirs.truncated)


def test_answers_are_the_same_with_the_embedding(
    engine: Engine,
    encodings: list[Encoding],
    probabilities: NDArray[np.float32],
    embedded: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """To the last bit: the embedding is computed on the way to them."""
    answers, embedding = embedded

    np.testing.assert_array_equal(answers, probabilities)
    assert engine.embeds
    assert embedding.dtype == np.float32
    assert len(embedding) == len(encodings)


def test_the_embedding_is_that_of_the_sealed_network(
    engine: Engine,
    bundle: Bundle,
    encodings: list[Encoding],
    embedded: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Each row is what the network classifies, to the rounding of the engine."""
    _skip_where_sums_are_cut_off(engine)
    _, embedding = embedded

    _, expected = collect_probabilities(embedded_passes(bundle.network, encodings), 1.0)

    assert embedding.shape == expected.shape
    off = np.linalg.norm(embedding - expected, axis=1) / np.linalg.norm(expected, axis=1)
    assert off.max() < CLOSE_EMBEDDING[engine.name]


def test_the_embedding_does_not_depend_on_the_other_documents(
    engine: Engine,
    encodings: list[Encoding],
    embedded: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """It is the same alone, on all processors, and among others in another order."""
    _, embedding = embedded
    _, reversed_order = engine.embedded_probabilities(encodings[::-1])
    alone = [engine.embedded_probabilities([encoding], exclusive=True)[1] for encoding in encodings]

    size = np.abs(embedding).max()
    for other in (reversed_order[::-1], np.concatenate(alone)):
        np.testing.assert_allclose(other, embedding, atol=2 * close(engine) * size)


def test_threads_do_not_disturb_each_other(
    engine: Engine,
    encodings: list[Encoding],
    embedded: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> None:
    """Many threads with different documents get the answers that each would get alone."""
    expected, embedding = embedded
    size = np.abs(embedding).max()
    shares = [list(range(start, len(encodings), 4)) for start in range(4)] * 3

    def answer(indices: list[int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return engine.embedded_probabilities([encodings[index] for index in indices])

    with ThreadPoolExecutor(8) as threads:
        for indices, (answers, rows) in zip(shares, threads.map(answer, shares), strict=True):
            np.testing.assert_allclose(answers, expected[indices], atol=close(engine))
            np.testing.assert_allclose(rows, embedding[indices], atol=2 * close(engine) * size)

"""What columns add to answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from artifacts.bundle.inference import probabilities_of
from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.explanation.answered import Answered, answer
from artifacts.explanation.columns import column_effects
from artifacts.tables import ColumnRoles, as_table
from tests.ruled import ruled_documents

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

ROLES = ColumnRoles(("text",), "", ("pages", "weight"), ("court",))


def _answered(bundle: Bundle, number: int) -> Answered:
    table = as_table(ruled_documents(number, 3), ROLES, "documents")
    texts = [document["text"] for document in table.documents]
    return answer(bundle, texts, bundle.preprocessing.canonical(table.documents))


def _effects(bundle: Bundle, number: int) -> dict[str, NDArray[np.float64]]:
    return column_effects(bundle, _answered(bundle, number), np.random.default_rng(1))


def test_the_column_that_decides_has_the_effect(ruled: Path) -> None:
    """The others have none."""
    effects = _effects(open_bundle(ruled), 60)

    assert effects["pages"].mean() > 0.02
    assert not effects["weight"].any()
    assert not effects["court"].any()


def test_effects_are_those_of_permuted_documents(ruled: Path) -> None:
    """Computed again through all of preprocessing and network."""
    bundle = open_bundle(ruled)
    answered = _answered(bundle, 20)
    effects = column_effects(bundle, answered, np.random.default_rng(5))

    generator = np.random.default_rng(5)
    falls = np.zeros(20)
    temperature = bundle.manifest.temperature
    picked = np.arange(20), answered.answers
    for _ in range(10):
        order = generator.permutation(20)
        documents = [
            {
                "text": text,
                "features": {
                    "pages": answered.rows[giver].numeric[0],
                    "weight": row.numeric[1],
                    "court": row.categories[0],
                },
            }
            for text, row, giver in zip(answered.texts, answered.rows, order, strict=True)
        ]
        encodings = bundle.preprocessing.encode_documents(documents)
        changed = probabilities_of(bundle.network, temperature, encodings)
        whole = probabilities_of(bundle.network, temperature, answered.encodings)
        falls += (whole - changed)[picked] / 10
    np.testing.assert_allclose(effects["pages"], falls, atol=1e-5)


def test_columns_that_a_network_does_not_take_have_no_effects(
    bundle_of: Callable[[str], Path],
) -> None:
    """A classifier of text alone."""
    assert _effects(open_bundle(bundle_of("sealed bert")), 6) == {}

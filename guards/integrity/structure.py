"""Check that the parts of a bundle fit each other, which the digest of a single part cannot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.bundle.layout import COLUMNS, CONFIG, TOKENIZER
from guards.errors import Finding
from guards.integrity.unpickling.totals import output_width
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.bundle.manifest import Manifest
    from guards.json_types import JsonMapping

__all__ = ["check_columns", "check_output_width", "check_vocabulary", "check_width"]


def check_columns(manifest: Manifest, columns: object) -> Iterator[Finding]:
    """Yield a finding when the fitted columns take other inputs than the manifest declares."""
    fitted = getattr(columns, "feature_names_in_", None)
    if fitted is None:
        return
    declared = _declared(manifest)
    names = [str(name) for name in fitted]
    if manifest.preprocessing.column_inputs is not None:
        # An estimator may have been fitted beside columns that it drops.
        names = [name for name in names if name in declared]
    if names != declared:
        yield Finding(
            "columns_mismatch",
            "inputs",
            f"the columns that the estimator was fitted on: {listed(names)}",
            f"the manifest declares {listed(declared)}",
        )


def check_output_width(columns: object, width: int) -> Iterator[Finding]:
    """Yield a finding when the fitted columns make another number of columns than there are.

    What they make follows from their state, before anything is transformed; it does not where a
    trusted class takes part.
    """
    made = None if columns is None else output_width(columns)
    if made is not None and made != width:
        yield Finding(
            "width_mismatch",
            COLUMNS,
            f"a preprocessing that makes {width} columns, as the probes have",
            f"one that makes {made}",
        )


def check_width(config: JsonMapping, width: int) -> Iterator[Finding]:
    """Yield a finding when the network takes another number of encoded columns than there are.

    A network whose configuration names no width takes text alone.
    """
    wanted = config.get("columns_width")
    if wanted is not None and wanted != width:
        yield Finding(
            "width_mismatch",
            CONFIG,
            f"a network that takes {width} encoded columns",
            f"one that takes {wanted}",
        )


def check_vocabulary(config: JsonMapping, tokenizer: JsonMapping) -> Iterator[Finding]:
    """Yield a finding when the tokenizer knows a token that the network has no embedding for."""
    encoder = config.get("encoder")
    rows = (encoder if isinstance(encoder, dict) else config).get("vocab_size")
    largest = max(_token_ids(tokenizer), default=-1)
    if isinstance(rows, int) and largest >= rows:
        yield Finding(
            "vocabulary_mismatch",
            TOKENIZER,
            f"token ids below {rows}, the rows of the network's embedding",
            f"token id {largest}",
        )


def _declared(manifest: Manifest) -> list[str]:
    column_inputs = manifest.preprocessing.column_inputs
    if column_inputs is not None:
        return [column["name"] for column in column_inputs["columns"]]
    return list(manifest.schema_.columns)


def _token_ids(tokenizer: JsonMapping) -> Iterator[int]:
    model = tokenizer.get("model")
    vocabulary = model.get("vocab", ()) if isinstance(model, dict) else ()
    if isinstance(vocabulary, dict):
        yield from (number for number in vocabulary.values() if isinstance(number, int))
    elif isinstance(vocabulary, list):
        yield len(vocabulary) - 1
    added = tokenizer.get("added_tokens")
    for token in added if isinstance(added, list) else ():
        if isinstance(token, dict) and isinstance(token.get("id"), int):
            yield token["id"]

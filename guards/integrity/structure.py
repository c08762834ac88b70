"""Whether the parts of a bundle fit each other: what no digest of a single part can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guards.errors import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.integrity.manifest import Manifest

__all__ = ["check_columns", "check_vocabulary", "check_width"]

_SEAL_AGAIN = "restore the bundle that was sealed, or train again"


def check_columns(manifest: Manifest, columns: object) -> Iterator[Finding]:
    """Yield a finding when the fitted columns take other inputs than the manifest declares."""
    fitted = getattr(columns, "feature_names_in_", None)
    if fitted is None:
        return
    declared = _declared(manifest)
    taken = [str(name) for name in fitted]
    if manifest.preprocessing.frame is not None:
        # An estimator may have been fitted beside columns that it drops.
        taken = [name for name in taken if name in declared]
    if taken != declared:
        yield Finding(
            "columns_mismatch",
            "inputs",
            f"the columns that the estimator was fitted on: {_some(taken)}",
            f"the manifest declares {_some(declared)}",
            _SEAL_AGAIN,
        )


def check_width(config: Mapping[str, Any], width: int) -> Iterator[Finding]:
    """Yield a finding when the network takes another number of encoded columns than there are.

    A network whose configuration names no width takes text alone.
    """
    wanted = config.get("columns_width")
    if wanted is not None and wanted != width:
        yield Finding(
            "width_mismatch",
            "model/config.json",
            f"a network that takes {width} encoded columns",
            f"one that takes {wanted}",
            _SEAL_AGAIN,
        )


def check_vocabulary(config: Mapping[str, Any], tokenizer: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield a finding when the tokenizer knows a token that the network has no embedding for."""
    encoder = config.get("encoder")
    rows = (encoder if isinstance(encoder, dict) else config).get("vocab_size")
    largest = max(_token_ids(tokenizer), default=-1)
    if isinstance(rows, int) and largest >= rows:
        yield Finding(
            "vocabulary_mismatch",
            "preprocessing/tokenizer.json",
            f"token ids below {rows}, the rows of the network's embedding",
            f"token id {largest}",
            _SEAL_AGAIN,
        )


def _declared(manifest: Manifest) -> list[str]:
    frame = manifest.preprocessing.frame
    if frame is not None:
        return [column["name"] for column in frame["columns"]]
    return list(manifest.schema_.columns)


def _token_ids(tokenizer: Mapping[str, Any]) -> Iterator[int]:
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


def _some(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(names[:most]) or "none") + more

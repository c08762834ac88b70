"""Load the weights of a model: all of them, none left over, and finite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from transformers.utils import logging

from artifacts.pretrained.configuration import refused
from artifacts.pretrained.directory import weight_files
from guards.errors import CallError, Finding, GuardRefused, first_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from transformers import PreTrainedConfig, PreTrainedModel

    from guards.findings import Code

__all__ = ["Loaded", "check_finite", "check_places", "check_precision", "load"]

_BUFFERS = frozenset({"inv_freq", "position_ids", "token_type_ids"})
"""Constants that earlier versions of the library saved among the weights."""

_OTHER_HEADS = frozenset(
    {
        "cls", "decoder", "discriminator_predictions", "generator_lm_head",
        "generator_predictions", "head", "lm_head", "lm_loss", "lm_predictions",
        "mask_predictions", "predictions", "sop_classifier", "vocab_layer_norm",
        "vocab_projector", "vocab_transform",
    }
)  # fmt: skip
"""Heads of pretraining, which a classifier leaves out."""

_MAX_WEIGHT = 1e15
"""Layer normalisation squares what it gets, and the squares of much larger numbers are infinite in
float32."""

_FLOAT32 = ("F32", "float32")
_CONVERTED = ("BF16", "F16", "F64", "bfloat16", "float16", "float64")


class Loaded:
    """A model and what the library reports of loading it."""

    def __init__(self, model: PreTrainedModel, report: dict[str, Any]) -> None:
        """Keep the names of weights that are missing, have no place, or have another shape."""
        self.model = model
        self.missing: Collection[str] = report["missing_keys"]
        self.unexpected: Collection[str] = report["unexpected_keys"]
        self.mismatched: Collection[tuple[str, Any, Any]] = report["mismatched_keys"]


def load(kind: Any, place: Path | str, config: PreTrainedConfig, source: str) -> Loaded:  # noqa: ANN401 (a class of the library)
    """Load a model of ``kind`` as float32, in evaluation mode, from a directory or a hub id.

    Nothing is fetched for a ``Path``, and no code that comes with the model is run. Raises
    ``CallError`` where the library cannot load it.
    """
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        model, report = kind.from_pretrained(
            str(place),
            config=config,
            dtype=torch.float32,
            output_loading_info=True,
            ignore_mismatched_sizes=True,
            trust_remote_code=False,
            local_files_only=isinstance(place, Path),
        )
    except Exception as error:  # noqa: BLE001 (the library raises many kinds)
        message = f"{source}: no model there that the library can load: {first_line(error)}"
        raise CallError(message) from None
    model.train(mode=False)
    return Loaded(model, report)


def check_places(
    source: str, loaded: Loaded, missing: Iterable[str], unexpected: Iterable[str], remedy: str = ""
) -> None:
    """Refuse a model with ``missing`` weights, or ``unexpected`` ones that training used.

    ``remedy`` says what to do about missing ones. Weights of a pretraining head or of a pooler
    that the model does not have are harmless, as are constants.
    """
    for name, stored, expected in sorted(loaded.mismatched, key=lambda one: one[0]):
        raise _finding(
            source,
            "weights_unused",
            f"{name!r} of shape {tuple(expected)}, as config.json describes the network",
            f"{tuple(stored)} in the file",
            "make config.json that of the trained model; id2label names every output of its head",
        )
    missing, unexpected = sorted(missing), sorted(unexpected)
    if missing:
        wrapped = next((n for n in loaded.unexpected if n.endswith(f".{missing[0]}")), None)
        found = f"{len(missing)} are missing, the first is {missing[0]!r}"
        if wrapped is not None:
            found += f"; the file has {wrapped!r} instead"
            remedy = "save the model that is wrapped, as `model.module.save_pretrained(…)` does"
        expected = "every weight of the network"
        raise _finding(source, "model_incomplete", expected, found, remedy)
    known = {part for name in loaded.model.state_dict() for part in name.split(".")}
    unused = [name for name in unexpected if not _harmless(name, known)]
    if unused:
        raise _finding(
            source,
            "weights_unused",
            "a network with a place for every weight",
            f"{len(unused)} have none, the first is {unused[0]!r}",
        )


def _harmless(name: str, known: Collection[str]) -> bool:
    """Return whether answers do not depend on a weight without a place."""
    parts = name.split(".")
    other_head = parts[0] in _OTHER_HEADS and parts[0] not in known
    other_pooler = "pooler" in parts and "pooler" not in known
    return parts[-1] in _BUFFERS or other_head or other_pooler


def check_finite(source: str, model: PreTrainedModel) -> None:
    """Refuse a model with a weight that is NaN, infinite, or too large to compute with."""
    for name, weight in model.state_dict().items():
        wrong = ~(weight.abs() <= _MAX_WEIGHT)
        if not weight.is_floating_point() or not wrong.any():
            continue
        index = tuple(wrong.nonzero()[0].tolist())
        raise _finding(
            source,
            "weights_not_finite",
            f"finite weights of at most {_MAX_WEIGHT:g}",
            f"{weight[index].item():g} in {name!r} at {index}",
        )


def check_precision(directory: Path, source: str) -> list[str]:
    """Refuse quantised weights, and return a note where weights become float32.

    Raises ``CallError`` where a file cannot be read.
    """
    converted = set()
    for name, precision in _precisions(directory, source):
        if precision in _CONVERTED:
            converted.add(precision.lower())
        elif name.endswith(("bias", "weight")) and precision not in _FLOAT32:
            raise refused(
                source,
                f"quantised weights: {name!r} is {precision}",
                "give the model as it was before its weights were quantised",
            )
    return [f"weights in {', '.join(sorted(converted))} are sealed as float32"] if converted else []


def _precisions(directory: Path, source: str) -> Iterator[tuple[str, str]]:
    """Yield the name of each stored weight, and what its numbers are called in its file."""
    for file in weight_files(directory, source):
        try:
            if file.suffix == ".safetensors":
                with safe_open(file, "pt") as opened:
                    yield from [(k, opened.get_slice(k).get_dtype()) for k in opened.keys()]  # noqa: SIM118 (no mapping)
            else:
                stored = torch.load(file, map_location="meta", weights_only=True)
                yield from [(k, str(v.dtype).removeprefix("torch.")) for k, v in stored.items()]
        except Exception as error:  # noqa: BLE001 (the libraries raise many kinds)
            message = f"{source}: {file.name} cannot be read: {first_line(error)}"
            raise CallError(message) from None


def _finding(
    source: str, code: Code, expected: str, observed: str, remedy: str = ""
) -> GuardRefused:
    return GuardRefused(source, [Finding(code, "model weights", expected, observed, remedy)])

"""Load the weights of a model: all of them, none left over, and finite."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors import safe_open
from transformers.utils import logging

from artifacts.bundle.finite_weights import FINITE_WEIGHTS, weight_not_finite
from artifacts.pretrained.configuration import foreign_classes, refused
from artifacts.pretrained.directory import weight_files
from artifacts.pretrained.other_heads import without_other_heads
from guards.bundle.tensors import Tensor
from guards.errors import CallError, Finding, GuardRefused, first_line
from guards.integrity.headers.configuration import check_configuration

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from transformers import PreTrainedConfig, PreTrainedModel

    from guards.findings import Code

__all__ = ["Loaded", "check_embedding", "check_finite", "check_places", "check_precision", "load"]

_BUFFERS = frozenset({"inv_freq", "position_ids", "token_type_ids"})
"""Constants that earlier versions of the library saved among the weights."""

_ADAPTER = ".lora_"
_MERGE = (
    "merge the adapter into its base and save the whole model: "
    "`model.merge_and_unload().save_pretrained(…)`"
)

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
    ``CallError`` where the library cannot load it, and ``GuardRefused`` where ``config`` has more
    of something than the weights in a directory.
    """
    if isinstance(place, Path):
        _check_sizes(place, config, source)
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

    ``remedy`` says what to do about missing ones. Harmless are constants, and, of a model that was
    saved by a class of the library, weights of a head of pretraining or of a pooler that models of
    its kind have.
    """
    for name, stored, expected in sorted(loaded.mismatched, key=lambda one: one[0]):
        raise _finding(
            source,
            "weights_unused",
            f"{name!r} of shape {tuple(expected)}, as config.json describes the network",
            f"{tuple(stored)} in the file",
            "make config.json that of the trained model"
            + ("; id2label names every output of its head" if _is_head(loaded, name) else ""),
        )
    missing = sorted(missing)
    if missing:
        instead, what_to_do = _wrapper(loaded, missing[0])
        raise _finding(
            source,
            "model_incomplete",
            "every weight of the network",
            f"{len(missing)} are missing, the first is {missing[0]!r}{instead}",
            what_to_do or remedy,
        )
    _check_unused(source, loaded.model, sorted(unexpected))


def _check_unused(source: str, model: PreTrainedModel, names: Sequence[str]) -> None:
    unused = [name for name in names if name.rpartition(".")[2] not in _BUFFERS]
    foreign = foreign_classes(model.config.architectures)
    if unused and not foreign:
        unused = without_other_heads(unused, model.config)
    if not unused:
        return
    observed = f"{len(unused)} have none, the first is {unused[0]!r}"
    if foreign:
        observed += f"; the model was saved by {foreign[0]}, a class that the library does not have"
    raise _finding(
        source,
        "weights_unused",
        "a network with a place for every weight",
        observed,
        _MERGE if _ADAPTER in unused[0] else "",
    )


def _is_head(loaded: Loaded, name: str) -> bool:
    prefix = loaded.model.base_model_prefix
    return hasattr(loaded.model, prefix) and not name.startswith(f"{prefix}.")


def _wrapper(loaded: Loaded, missing: str) -> tuple[str, str]:
    """Return what the file has in the place of a missing weight, and what to do about it."""
    name = next((name for name in loaded.unexpected if name.endswith(f".{missing}")), None)
    adapter = next((name for name in loaded.unexpected if _ADAPTER in name), None)
    if adapter is not None:
        return f"; the file has {adapter!r}, of an adapter inside", _MERGE
    if name is not None:
        return (
            f"; the file has {name!r} instead",
            "save the model that is wrapped, as `model.module.save_pretrained(…)` does",
        )
    return "", ""


def check_finite(source: str, model: PreTrainedModel) -> None:
    """Refuse a model with a weight that is NaN, infinite, or too large to compute with."""
    observed = weight_not_finite(model.state_dict())
    if observed is not None:
        raise _finding(source, "weights_not_finite", FINITE_WEIGHTS, observed)


def check_embedding(source: str, model: PreTrainedModel, expected: str) -> None:
    """Refuse a model without one embedding for each token, such as one that hashes characters."""
    try:
        model.get_input_embeddings().get_parameter("weight")
    except (AttributeError, NotImplementedError):
        raise refused(
            source,
            f"no table of embeddings by token in {type(model).__name__}",
            "train a model that has an embedding for each token, such as BERT",
            expected,
        ) from None


def check_precision(directory: Path, source: str) -> list[str]:
    """Refuse quantised weights, and return a note where weights become float32.

    Raises ``CallError`` where a file cannot be read.
    """
    converted = set()
    for name, (precision, _) in _stored(directory, source).items():
        if precision in _CONVERTED:
            converted.add(precision.lower())
        elif name.endswith(("bias", "weight")) and precision not in _FLOAT32:
            raise _finding(
                source,
                "model_not_supported",
                "the weights of a whole model, as save_pretrained writes them",
                f"quantised weights: {name!r} is {precision}",
                "give the model as it was before its weights were quantised",
            )
    return [f"weights in {', '.join(sorted(converted))} are sealed as float32"] if converted else []


def _check_sizes(directory: Path, config: PreTrainedConfig, source: str) -> None:
    """Refuse a configuration of which no network could be built in time, before one is."""
    tensors = {
        name: Tensor(dtype, shape, 0, 0)
        for name, (dtype, shape) in _stored(directory, source).items()
    }
    findings = [*check_configuration(json.loads(config.to_json_string(use_diff=False)), tensors)]
    if findings:
        raise GuardRefused(source, findings)


def _stored(directory: Path, source: str) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return what the numbers of each stored weight are called in its file, and its shape."""
    stored: dict[str, tuple[str, tuple[int, ...]]] = {}
    for file in weight_files(directory, source):
        try:
            if file.suffix == ".safetensors":
                with safe_open(file, "pt") as opened:
                    slices = {k: opened.get_slice(k) for k in opened.keys()}  # noqa: SIM118 (no mapping)
                    stored |= {k: (v.get_dtype(), (*v.get_shape(),)) for k, v in slices.items()}
            else:
                loaded = torch.load(file, map_location="meta", weights_only=True)
                stored |= {
                    k: (str(v.dtype).removeprefix("torch."), (*v.shape,)) for k, v in loaded.items()
                }
        except Exception as error:  # noqa: BLE001 (the libraries raise many kinds)
            message = f"{source}: {file.name} cannot be read: {first_line(error)}"
            raise CallError(message) from None
    return stored


def _finding(
    source: str, code: Code, expected: str, observed: str, remedy: str = ""
) -> GuardRefused:
    return GuardRefused(source, [Finding(code, "model weights", expected, observed, remedy)])

"""Weights that models of a kind have, and a classifier of that kind leaves out."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoModelForPreTraining,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from transformers import PreTrainedConfig, PreTrainedModel

__all__ = ["without_other_heads"]

_KINDS = (AutoModel, AutoModelForPreTraining, AutoModelForMaskedLM, AutoModelForCausalLM)

_EARLIER = {
    "deberta": ("lm_predictions.", "mask_predictions."),
    "deberta-v2": ("lm_predictions.", "mask_predictions."),
}
"""Heads of published models that the library's classes do not have any more."""

_RENAMED = {"beta": "bias", "gamma": "weight"}
"""What published models call the weights of a normalisation."""


def without_other_heads(names: Iterable[str], config: PreTrainedConfig) -> list[str]:
    """Return the names of weights that are not of a head of pretraining or of a pooler.

    Which names these have is asked of the library's classes for this kind of model, which are built
    without memory for weights.
    """
    known, earlier = {*_names(config)}, _EARLIER.get(config.model_type, ())
    return [name for name in names if _today(name) not in known and not name.startswith(earlier)]


def _today(name: str) -> str:
    start, dot, last = name.rpartition(".")
    return f"{start}{dot}{_RENAMED.get(last, last)}"


def _names(config: PreTrainedConfig) -> Iterator[str]:
    """Yield what the library's classes call weights; those of a bare encoder by both names."""
    for kind in _KINDS:
        model = _without_memory(kind, config)
        if model is not None:
            names = model.state_dict()
            yield from names
            if kind is AutoModel:
                yield from (f"{model.base_model_prefix}.{name}" for name in names)


def _without_memory(kind: Any, config: PreTrainedConfig) -> PreTrainedModel | None:  # noqa: ANN401 (a class of the library)
    """Return a model of ``kind``, None where the library has none of this configuration."""
    try:
        with torch.device("meta"):
            model: PreTrainedModel = kind.from_config(
                copy.deepcopy(config), trust_remote_code=False
            )
    except Exception:  # noqa: BLE001 (the library raises many kinds)
        return None
    return model

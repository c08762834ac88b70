"""A network is laid out against the weights there are, before it is built."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING

import pytest
import torch
from safetensors.torch import save
from torch.nn.modules import module as torch_modules

from artifacts.bundle.layout import check_layout
from artifacts.bundle.network import empty_network, model_of, new_network
from guards.bundle.tensors import tensors_in
from guards.errors import PartError
from load_tests.micro.family_models import FAMILIES
from tests.models import FAMILIES as TINY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guards.bundle.tensors import Tensor
    from guards.json_types import JsonObject

CONFIGS: dict[str, JsonObject] = {
    name: {"model_type": family.model_type, "vocab_size": 60, "pad_token_id": 0, **family.settings}
    for name, family in FAMILIES.items()
}
BERT = CONFIGS["BERT"]


def announced(config: JsonObject, dtype: torch.dtype = torch.float32) -> Mapping[str, Tensor]:
    """Return what a file of a network's weights announces."""
    state = model_of(empty_network(config)).state_dict()
    return tensors_in(save({k: v.contiguous().clone().to(dtype) for k, v in state.items()}))


def refusal(config: JsonObject, tensors: Mapping[str, Tensor]) -> str:
    """Return what is observed of a configuration of another network."""
    with pytest.raises(PartError) as error:
        check_layout(config, tensors)
    (finding,) = error.value.findings
    assert finding.code == "network_mismatch"
    return finding.observed


@pytest.mark.parametrize("name", CONFIGS)
def test_weights_of_each_family_fit(name: str) -> None:
    """The weights that the library gives a configuration are those of its layout."""
    check_layout(CONFIGS[name], announced(CONFIGS[name]))


@pytest.mark.parametrize("family", TINY)
def test_weights_of_a_joined_network_fit(family: str) -> None:
    """So are those of an encoder with columns beside it."""
    config = new_network(
        TINY[family][0](60).to_dict(),
        columns_width=3,
        labels=("a", "b", "c"),
        preprocessing_fingerprint="",
    ).config.to_dict()

    check_layout(config, announced(config))


OTHERS: dict[str, JsonObject] = {
    "many layers": {**BERT, "num_hidden_layers": 10**6},
    "one layer more": {**BERT, "num_hidden_layers": 3},
    "one layer fewer": {**BERT, "num_hidden_layers": 1},
    "wide": {**BERT, "hidden_size": 2**23},
    "wide inside": {**BERT, "intermediate_size": 2**40},
    "many tokens": {**BERT, "vocab_size": 10**9},
    "many positions": {**BERT, "max_position_embeddings": 10**9},
    "many labels": {**BERT, "id2label": {str(label): "x" for label in range(5)}},
    "another kind": {**CONFIGS["RoBERTa"]},
    "blocks": {**CONFIGS["Funnel"], "block_sizes": [1] * 5},
    "sines, one by one": {
        **CONFIGS["DistilBERT"], "sinusoidal_pos_embds": True, "max_position_embeddings": 10**6,
    },
}  # fmt: skip

WEIGHTS_OF = {"blocks": "Funnel", "sines, one by one": "DistilBERT"}
"""Of which family the weights are, where that is not BERT."""


@pytest.mark.parametrize("name", OTHERS)
def test_configurations_of_other_networks(name: str) -> None:
    """A network of other layers, widths or tables is refused at once, without its memory."""
    tensors = announced(CONFIGS[WEIGHTS_OF.get(name, "BERT")])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()

    assert refusal(OTHERS[name], tensors)

    assert time.process_time() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < 100_000  # in KiB


GPT_NEO: JsonObject = {
    "model_type": "gpt_neo", "hidden_size": 16, "num_layers": 2, "num_heads": 2, "vocab_size": 60,
    "attention_types": [[["global", "local"], 1]], "max_position_embeddings": 32,
    "pad_token_id": 0,
}  # fmt: skip


def test_constants_that_would_fill_the_memory() -> None:
    """A mask of all positions by all positions is no weight, and is counted."""
    tensors = dict(announced(GPT_NEO))
    check_layout(GPT_NEO, tensors)
    positions = next(name for name in tensors if name.endswith("wpe.weight"))
    tensors[positions] = tensors[positions]._replace(shape=(200_000, 16))

    observed = refusal({**GPT_NEO, "max_position_embeddings": 200_000}, tensors)

    assert "constants" in observed


def test_weights_of_another_precision() -> None:
    """Weights that loading would convert are refused with both types."""
    with pytest.raises(PartError, match="weights_of_another_precision") as error:
        check_layout(BERT, announced(BERT, torch.float64))

    assert "float64" in error.value.findings[0].observed


def test_weights_without_a_place() -> None:
    """A weight that the network has no place for is named."""
    tensors = announced(BERT)
    more = {**tensors, "adapter.weight": tensors["classifier.bias"]}

    assert "'adapter.weight'" in refusal(BERT, more)


def test_nothing_is_bounded_afterwards() -> None:
    """Networks that are built later are not compared with these weights."""
    refusal(OTHERS["many layers"], announced(BERT))

    empty_network(CONFIGS["MPNet"])
    assert not torch_modules._global_buffer_registration_hooks  # noqa: SLF001 (torch has no other name)

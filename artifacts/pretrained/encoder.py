"""The encoder of a model that the library wrote, as the base of a network of ours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import AutoModel

from artifacts.bundle.network import DocumentClassifier, new_network, positions_of
from artifacts.pretrained.answers import check_equal, check_finite_answer, check_unchanged
from artifacts.pretrained.configuration import (
    ENCODER,
    check_supported,
    class_names,
    notes_on_classes,
    parse_config,
    read_config,
    refused,
)
from artifacts.pretrained.directory import check_files
from artifacts.pretrained.location import tokenizer_directory
from artifacts.pretrained.weights import (
    check_embedding,
    check_finite,
    check_places,
    check_precision,
    load,
)
from guards.errors import UnderstudyError, first_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from transformers import PreTrainedConfig, PreTrainedModel

    from artifacts.pretrained.weights import Loaded
    from guards.json_types import JsonObject

__all__ = ["check_base", "network_on"]

_SHORT = 8

_PADDING_TOLERANCE = 1e-3
"""Passes of other shapes are rounded otherwise, and large states of large encoders add up."""


def check_base(base: str) -> list[str]:
    """Check what can be seen of ``base`` without its weights, and return notes.

    ``base`` is a directory or else a hub id. Raises ``CallError`` where no model is, and
    ``GuardRefused`` for a kind of model that cannot be a base.
    """
    source, place = f"--base {base}", _place(base)
    notes = []
    if isinstance(place, Path):
        notes = [*check_files(place, source), *check_precision(place, source)]
    config, _ = _config(base, source)
    return [*notes, *notes_on_classes(config)]


def network_on(
    base: str,
    max_length: int,
    *,
    columns_width: int,
    labels: tuple[str, ...],
    preprocessing_fingerprint: str,
) -> DocumentClassifier:
    """Build a network on the encoder of ``base``, a directory or else a hub id.

    Raises ``CallError`` where no model is, and ``GuardRefused`` for an encoder that would not
    answer in service as it does in training, on texts of up to ``max_length`` tokens.
    """
    source = f"--base {base}"
    pretrained = _read_encoder(base, source)
    try:
        network = new_network(
            pretrained,
            columns_width=columns_width,
            labels=labels,
            preprocessing_fingerprint=preprocessing_fingerprint,
        )
        network.train(mode=False)
        _check_states(source, network, pretrained, max_length)
    except UnderstudyError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever goes wrong here is a refusal)
        observed = f"{type(error).__name__}: {first_line(error)}"
        remedy = (
            "give an encoder that answers with one state a token, padded or not, for up to "
            "--max-length tokens, such as BERT"
        )
        raise refused(source, observed, remedy, ENCODER) from None
    return network


def _place(base: str) -> Path | str:
    return Path(base) if Path(base).is_dir() else base


def _config(base: str, source: str) -> tuple[JsonObject, PreTrainedConfig]:
    """Return the configuration as written and as the library reads it, if it can be a base."""
    config = read_config(tokenizer_directory(base), source)
    parsed = parse_config(config, source)
    check_supported(config, parsed, source, "AutoModel", expected=ENCODER)
    return config, parsed


def _read_encoder(base: str, source: str) -> PreTrainedModel:
    config, parsed = _config(base, source)
    loaded = load(AutoModel, _place(base), parsed, source)
    check_places(
        source,
        loaded,
        # Of the last hidden states, no pooler is used.
        (name for name in loaded.missing if "pooler" not in name.split(".")),
        _of_encoder(loaded, config),
        "give the model that was trained, whole",
    )
    check_finite(source, loaded.model)
    check_embedding(source, loaded.model, ENCODER)
    return loaded.model


def _of_encoder(loaded: Loaded, config: JsonObject) -> Iterator[str]:
    """Yield the weights without a place that belong to the encoder and not to a head on it."""
    model = loaded.model
    encoder_alone = type(model).__name__ in class_names(config.get("architectures"))
    children = {model.base_model_prefix, *(name for name, _ in model.named_children())}
    for name in loaded.unexpected:
        if encoder_alone or name.partition(".")[0] in children:
            yield name


def _check_states(
    source: str, network: DocumentClassifier, pretrained: PreTrainedModel, max_length: int
) -> None:
    """Refuse an encoder whose states depend on the texts before, on padding, or on who runs it."""
    longest = min(max_length, positions_of(network.config.encoder) or max_length)
    lengths = [longest, min(_SHORT, longest)]
    texts = [f"a text of {length} tokens" for length in lengths]
    tokens = _tokens(pretrained, longest)
    with torch.inference_mode():
        states = check_unchanged(
            source, texts, lambda index: network.pool(tokens[:, : lengths[index]])
        )
        for text, length, state in zip(texts, lengths, states, strict=True):
            check_finite_answer(source, text, state)
            theirs = pretrained(input_ids=tokens[:, :length]).last_hidden_state
            check_equal(
                source, text, state, theirs.mean(dim=1), to="the states of the library's encoder"
            )
        mask = (torch.arange(longest) < lengths[1]).long()[None]
        check_equal(
            source,
            f"{texts[1]}, padded to {longest},",
            network.pool(tokens * mask, mask),
            states[1],
            to="the same states with padding, as in training, and without, as in service",
            remedy=lambda: "give a base whose states do not depend on padding, such as BERT",
            tolerance=_PADDING_TOLERANCE,
        )


def _tokens(pretrained: PreTrainedModel, count: int) -> torch.Tensor:
    """Return token ids int64 [1, count], the same ones at every call."""
    rows = pretrained.get_input_embeddings().get_parameter("weight").shape[0]
    generator = torch.Generator().manual_seed(0)
    return torch.randint(rows, (1, count), generator=generator)

"""The networks that a bundle may hold: an encoder joined with columns, or a plain classifier."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForSequenceClassification,
    PreTrainedConfig,
    PreTrainedModel,
)

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "DocumentClassifier",
    "DocumentClassifierConfig",
    "Network",
    "PlainClassifier",
    "empty_network",
    "harmless_config",
    "model_of",
    "new_network",
    "positions_of",
]


_NOT_OURS = ("auto_map", "attn_implementation", "_attn_implementation", "quantization_config")
"""What could make the library look for code elsewhere, or compute otherwise than in training."""


_OFFSET_POSITIONS = frozenset(
    {
        "camembert", "data2vec-text", "ibert", "longformer", "luke", "mpnet", "roberta",
        "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
    }
)  # fmt: skip
"""Kinds of model whose positions start after the padding token's number."""


class DocumentClassifierConfig(PreTrainedConfig):
    """The encoder's own configuration, the width of the columns, and what they were made with."""

    model_type = "understudy"

    def __init__(
        self,
        encoder: dict[str, Any] | None = None,
        columns_width: int = 0,
        preprocessing_fingerprint: str = "",
        **others: Any,  # noqa: ANN401 (the base class's own arguments)
    ) -> None:
        """Describe a network; ``encoder`` is an encoder's configuration with its ``model_type``."""
        self.encoder = encoder or {}
        self.columns_width = columns_width
        self.preprocessing_fingerprint = preprocessing_fingerprint
        super().__init__(**others)


class DocumentClassifier(PreTrainedModel):
    """Encoder, mean of its last hidden states, columns beside it, one hidden layer, logits."""

    config_class = DocumentClassifierConfig
    base_model_prefix = "encoder"

    def __init__(self, config: DocumentClassifierConfig) -> None:
        """Build the network with fresh weights."""
        super().__init__(config)
        known = {name: value for name, value in config.encoder.items() if name not in _NOT_OURS}
        encoder_config = AutoConfig.for_model(**known)
        self.encoder = AutoModel.from_config(encoder_config)
        hidden: int = self.encoder.config.hidden_size
        self.dropout = nn.Dropout(0.1)
        self.join = nn.Linear(hidden + config.columns_width, hidden)
        self.output = nn.Linear(hidden, len(config.id2label or {}))
        self.post_init()  # type: ignore[no-untyped-call]  # transformers annotates it in part

    def pool(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Give the mean hidden state of the real tokens, float32 [windows, hidden].

        ``input_ids`` int64 [windows, tokens]; ``attention_mask`` is left out when nothing is
        padded.
        """
        states: torch.Tensor = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask
        ).last_hidden_state
        if states.dtype != torch.float32:
            states = states.float()
        if attention_mask is None:
            return states.mean(dim=1)
        weights = attention_mask.unsqueeze(-1).to(states.dtype)
        return (states * weights).sum(dim=1) / weights.sum(dim=1)

    def classify(self, pooled: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Give logits float32 [documents, classes] from pooled states and columns [.., width]."""
        joined = torch.cat([pooled, columns], dim=1)
        hidden = torch.tanh(self.join(self.dropout(joined)))
        logits: torch.Tensor = self.output(self.dropout(hidden))
        return logits

    def forward(
        self,
        input_ids: torch.Tensor,
        columns: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Give logits float32 [documents, classes].

        ``input_ids`` int64 [documents x windows, tokens], as many windows of each document, one
        document after the other; ``columns`` float32 [documents, width]. The state of a document is
        the mean over its windows.
        """
        pooled = self.pool(input_ids, attention_mask)
        states = pooled.reshape(columns.shape[0], -1, pooled.shape[1]).mean(dim=1)
        return self.classify(states, columns)


class PlainClassifier(nn.Module):
    """A sequence classifier as the library has it, of text alone."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Give the model the call that every network of a bundle has."""
        super().__init__()
        self.model = model

    @property
    def config(self) -> PreTrainedConfig:
        """The model's own configuration."""
        return self.model.config

    def forward(
        self,
        input_ids: torch.Tensor,
        columns: torch.Tensor,  # noqa: ARG002 (it takes none)
        attention_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Give logits float32 [documents, classes]; the columns are not looked at."""
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


Network = DocumentClassifier | PlainClassifier


def model_of(network: Network) -> PreTrainedModel:
    """Give the library's own model: what is saved and loaded."""
    return network.model if isinstance(network, PlainClassifier) else network


def in_bfloat16(network: Network, device: torch.device | None = None) -> Network:
    """Copy a network so that its encoder, or all of a ``PlainClassifier``, computes in bfloat16.

    The copy is on ``device``, where one is given.
    """
    half = deepcopy(network)
    whole: nn.Module = half
    encoder: nn.Module = half.encoder if isinstance(half, DocumentClassifier) else half.model
    encoder.to(torch.bfloat16)
    whole.to(device)
    return half


def empty_network(config: dict[str, Any]) -> Network:
    """Build the network that a bundle's ``config.json`` describes, with fresh weights.

    Raises ``ValueError`` for a kind of model that the library does not have.
    """
    known = harmless_config(config)
    if isinstance(known, DocumentClassifierConfig):
        return DocumentClassifier(known)
    return PlainClassifier(AutoModelForSequenceClassification.from_config(known))


def harmless_config(config: dict[str, Any]) -> PreTrainedConfig:
    """Read a ``config.json`` so that nothing is fetched and no code of its own run for it.

    Raises ``ValueError`` for a kind of model that the library does not have.
    """
    known = {name: value for name, value in config.items() if name not in _NOT_OURS}
    if known.get("model_type") == DocumentClassifierConfig.model_type:
        return DocumentClassifierConfig.from_dict(known)
    return AutoConfig.for_model(**{"model_type": "", **known})


def new_network(
    base: Path | str | None,
    small_encoder: dict[str, Any],
    *,
    columns_width: int,
    labels: tuple[str, ...],
    preprocessing_fingerprint: str,
) -> DocumentClassifier:
    """Build a network on the encoder in ``base`` (a directory or hub id), or on a fresh small one.

    Raises ``OSError`` or ``ValueError`` when ``base`` holds no model.
    """
    pretrained = None if base is None else AutoModel.from_pretrained(str(base), dtype=torch.float32)
    encoder = small_encoder if pretrained is None else pretrained.config.to_dict()
    network = DocumentClassifier(
        DocumentClassifierConfig(
            encoder=encoder,
            columns_width=columns_width,
            preprocessing_fingerprint=preprocessing_fingerprint,
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
        )
    )
    if pretrained is not None:
        network.encoder.load_state_dict(pretrained.state_dict())
    return network


def positions_of(config: dict[str, Any]) -> int | None:
    """Give how many tokens an encoder has positions for, from its configuration; None for any."""
    positions = config.get("max_position_embeddings")
    if positions is None or config.get("model_type") not in _OFFSET_POSITIONS:
        return positions
    return int(positions) - int(config.get("pad_token_id") or 0) - 1

"""The networks of a bundle: an encoder joined with columns, or a classifier of text only."""

from __future__ import annotations

from contextvars import ContextVar
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

from artifacts.bundle.model_types import TEXT_MODELS

if TYPE_CHECKING:
    from guards.json_types import JsonObject

__all__ = [
    "DocumentClassifier",
    "DocumentClassifierConfig",
    "Network",
    "TextClassifier",
    "embedding_width",
    "empty_network",
    "harmless_config",
    "harmless_fields",
    "has_cuda",
    "in_bfloat16",
    "model_of",
    "new_network",
    "positions_of",
    "token_rows",
]


_UNSAFE_FIELDS = frozenset(
    {
        "attn_implementation", "auto_map", "backbone", "backbone_config", "base_model_name_or_path",
        "chunk_size_feed_forward", "code_revision", "compression_config", "custom_pipelines",
        "experts_implementation", "gguf_file", "name_or_path", "quantization_config",
        "trust_remote_code", "use_kernels", "use_pretrained_backbone", "use_timm_backbone",
    }
)  # fmt: skip
"""Fields with which the library would load code, kernels or models from elsewhere, or compute
differently, or fail at texts of some lengths. So would some that start with ``_``, which are its
own notes."""

_FORM_OF_OUTPUT = frozenset(
    {
        "output_attentions", "output_hidden_states", "return_dict", "torchscript",
        "use_return_dict",
    }
)  # fmt: skip
"""Fields that say in which form, and with what beside them, logits are given."""


_NAMES_OF_LABELS = frozenset({"id2label", "label2id"})

_OFFSET_POSITIONS = frozenset(
    {
        "camembert", "data2vec-text", "ibert", "longformer", "luke", "mpnet", "roberta",
        "roberta-prelayernorm", "xlm-roberta", "xlm-roberta-xl", "xmod",
    }
)  # fmt: skip
"""Kinds of model whose positions start after the id of the padding token."""


class DocumentClassifierConfig(PreTrainedConfig):
    """The configuration of the encoder, the width of the columns, and their fingerprint."""

    model_type = "understudy"

    def __init__(
        self,
        encoder: JsonObject | None = None,
        columns_width: int = 0,
        preprocessing_fingerprint: str = "",
        **others: Any,  # noqa: ANN401 (arguments of the base class)
    ) -> None:
        """Describe a network; ``encoder`` is the configuration of one, with its ``model_type``."""
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
        encoder_config = _text_config(config.encoder)
        self.encoder = AutoModel.from_config(encoder_config, trust_remote_code=False)
        hidden: int = self.encoder.config.hidden_size
        self.dropout = nn.Dropout(0.1)
        self.join = nn.Linear(hidden + config.columns_width, hidden)
        self.output = nn.Linear(hidden, len(config.id2label or {}))
        self.post_init()  # type: ignore[no-untyped-call]  # transformers annotates it in part

    def pool(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Return the mean hidden state of the real tokens, float32 [windows, hidden].

        ``input_ids`` and ``attention_mask`` are int64 [windows, tokens]; without a mask, no token
        is padding.
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
        """Return logits float32 [documents, classes] from pooled states and columns [.., width]."""
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
        """Return logits float32 [documents, classes].

        ``input_ids`` int64 [documents x windows, tokens] holds the same number of windows for each
        document, one document after the other; ``columns`` float32 [documents, width]. The state
        of a document is the mean over its windows.
        """
        return self.embed(input_ids, columns, attention_mask)[0]

    def embed(
        self,
        input_ids: torch.Tensor,
        columns: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits of ``forward``, and the states that they are computed from.

        The states, float32 [documents, hidden], depend on the text alone.
        """
        pooled = self.pool(input_ids, attention_mask)
        states = pooled.reshape(columns.shape[0], -1, pooled.shape[1]).mean(dim=1)
        return self.classify(states, columns), states


_Layers = list[tuple[torch.Tensor, torch.Tensor]]

_last_layers: ContextVar[_Layers | None] = ContextVar("_last_layers", default=None)
"""Input and output of each layer that may be the last, in the pass of this thread."""


def _keep(_: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
    kept = _last_layers.get()
    if kept is not None:
        kept.append((inputs[0], output))


class TextClassifier(nn.Module):
    """A sequence classifier of the library, which uses text only."""

    def __init__(self, model: PreTrainedModel) -> None:
        """Wrap a model so that it is called like every network of a bundle."""
        super().__init__()
        self.model = model
        for module in model.modules():
            if isinstance(module, nn.Linear) and module.out_features == model.config.num_labels:
                module.register_forward_hook(_keep)

    @property
    def config(self) -> PreTrainedConfig:
        """The model's own configuration."""
        return self.model.config

    def forward(
        self,
        input_ids: torch.Tensor,
        columns: torch.Tensor,  # noqa: ARG002 (every network is called alike)
        attention_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return logits float32 [documents, classes]; ``columns`` are ignored."""
        logits: torch.Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits

    def embed(
        self,
        input_ids: torch.Tensor,
        columns: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Return the logits of ``forward``, and the input of the layer that they come from.

        It is float [documents, hidden]; None for a model that classifies every token and takes the
        logits of one, or whose last layer is not an ``nn.Linear``.
        """
        kept: _Layers = []
        token = _last_layers.set(kept)
        try:
            logits = self.forward(input_ids, columns, attention_mask)
        finally:
            _last_layers.reset(token)
        return logits, next((given for given, made in kept if made is logits), None)


Network = DocumentClassifier | TextClassifier


def embedding_width(network: Network) -> int | None:
    """Return the width of the states of ``embed``, or None where it gives none.

    Runs a ``TextClassifier`` on two tokens.
    """
    if isinstance(network, DocumentClassifier):
        return network.output.in_features
    device = next(network.parameters()).device
    ids = torch.zeros((1, 2), dtype=torch.int64, device=device)
    with torch.inference_mode():
        states = network.embed(ids, torch.zeros((1, 0), device=device))[1]
    return None if states is None else states.shape[1]


def model_of(network: Network) -> PreTrainedModel:
    """Return the model of the library, which is saved and loaded."""
    return network.model if isinstance(network, TextClassifier) else network


def in_bfloat16(network: Network, device: torch.device | None = None) -> Network:
    """Copy a network so that its encoder, or all of a ``TextClassifier``, computes in bfloat16.

    The copy is on ``device``, where one is given.
    """
    half = deepcopy(network)
    whole: nn.Module = half
    encoder: nn.Module = half.encoder if isinstance(half, DocumentClassifier) else half.model
    encoder.to(torch.bfloat16)
    whole.to(device)
    return half


def has_cuda() -> bool:
    """Return whether an engine can run on a CUDA device of this machine."""
    return torch.cuda.is_available()


def empty_network(config: JsonObject) -> Network:
    """Build the network that a bundle's ``config.json`` describes, with fresh weights.

    Raises ``ValueError`` for a kind of model that is none of ``TEXT_MODELS``.
    """
    if config.get("model_type") == DocumentClassifierConfig.model_type:
        return DocumentClassifier(DocumentClassifierConfig.from_dict(harmless_fields(config)))
    model = AutoModelForSequenceClassification.from_config(
        _text_config(config), trust_remote_code=False
    )
    return TextClassifier(model)


def harmless_fields(config: JsonObject) -> JsonObject:
    """Return a configuration without what asks for code from elsewhere, or for other kernels.

    Such fields are left out at every depth. Neither does it keep in which form outputs are given:
    every network is called alike.
    """
    return {
        name: value if name in _NAMES_OF_LABELS else _harmless(value)
        for name, value in config.items()
        if not (name in _UNSAFE_FIELDS or name in _FORM_OF_OUTPUT or name.startswith("_"))
    }


def _harmless(value: object) -> object:
    if isinstance(value, dict):
        return harmless_fields(value)
    return [_harmless(item) for item in value] if isinstance(value, list) else value


def harmless_config(config: JsonObject) -> PreTrainedConfig:
    """Read a ``config.json`` so that nothing is fetched and no code named there is run.

    Raises ``ValueError`` for a kind of model that the library does not have.
    """
    known = harmless_fields(config)
    if known.get("model_type") == DocumentClassifierConfig.model_type:
        return DocumentClassifierConfig.from_dict(known)
    return AutoConfig.for_model(**{"model_type": "", **known})


def _text_config(config: JsonObject) -> PreTrainedConfig:
    """Read the configuration of a model of the library that takes text alone."""
    kind = config.get("model_type")
    if kind not in TEXT_MODELS:
        message = f"Unrecognized model: {kind!r} is no kind that classifies text alone"
        raise ValueError(message)
    return harmless_config(config)


def new_network(
    encoder: JsonObject | PreTrainedModel,
    *,
    columns_width: int,
    labels: tuple[str, ...],
    preprocessing_fingerprint: str,
) -> DocumentClassifier:
    """Build a network on an encoder: a pretrained one, or a fresh one of a configuration."""
    network = DocumentClassifier(
        DocumentClassifierConfig(
            encoder=encoder.config.to_dict() if isinstance(encoder, PreTrainedModel) else encoder,
            columns_width=columns_width,
            preprocessing_fingerprint=preprocessing_fingerprint,
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
        )
    )
    if isinstance(encoder, PreTrainedModel):
        network.encoder.load_state_dict(encoder.state_dict())
    return network


def positions_of(config: JsonObject) -> int | None:
    """Return how many tokens an encoder of this configuration takes; None for no maximum."""
    positions = config.get("max_position_embeddings")
    if positions is None or config.get("model_type") not in _OFFSET_POSITIONS:
        return positions
    return int(positions) - int(config.get("pad_token_id") or 0) - 1


def token_rows(network: Network) -> int:
    """Return how many token ids a network has an embedding for."""
    weight = model_of(network).get_input_embeddings().get_parameter("weight")
    return int(weight.shape[0])

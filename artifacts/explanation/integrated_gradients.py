"""Integrated gradients of an answer's logit over the embeddings of a document's tokens."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import torch

from artifacts.bundle.inference import MAX_TOKENS, columns_of
from artifacts.bundle.network import DocumentClassifier, model_of, token_rows

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.network import Network
    from artifacts.bundle.preprocessing import Encoding

__all__ = ["MAX_DELTA", "can_integrate", "integrated_gradients", "padding_id"]

MAX_DELTA = 0.05
"""By how much attributions may miss the difference of the logits, as a share of it."""

_STEPS = (16, 32, 64, 128)
"""Numbers of steps, each tried where those before it miss the difference."""


def can_integrate() -> bool:
    """Return whether the library that computes integrated gradients is installed."""
    return find_spec("captum") is not None


def padding_id(network: Network) -> int:
    """Return the padding token's id, which stands for a token that is absent.

    It is 0 where the configuration names none that has an embedding.
    """
    encoder = network.encoder if isinstance(network, DocumentClassifier) else network
    padding = getattr(encoder.config, "pad_token_id", None)
    return padding if padding is not None and 0 <= padding < token_rows(network) else 0


def integrated_gradients(
    network: Network, encoding: Encoding, is_text: NDArray[np.bool_], answer: int
) -> NDArray[np.float64] | None:
    """Return the attribution of each token to the logit of ``answer``, float64 [windows, tokens].

    Sundararajan, Taly and Yan (2017), eq. 1, from a text of padding tokens; special tokens, where
    ``is_text`` bool [windows, tokens] is False, stay. Attributions add up to the difference of the
    two logits but for 5 % of it, in up to 128 steps of Gauss-Legendre's rule. None where they do
    not, or where the logits do not differ.
    """
    from captum.attr import IntegratedGradients  # noqa: PLC0415 (an extra)

    logit = _Logit(network, encoding, answer)
    padding = logit.embedded(torch.full_like(logit.ids, padding_id(network)))
    text = torch.from_numpy(is_text)[None, :, :, None]
    embeddings = logit.embedded(logit.ids)
    baseline = torch.where(text, padding, embeddings)
    with torch.no_grad():
        difference = float(logit(embeddings) - logit(baseline))
    if difference == 0:
        return None
    method = IntegratedGradients(logit)
    for steps in _STEPS:
        gradients = method.attribute(
            embeddings,
            baseline,
            n_steps=steps,
            internal_batch_size=max(1, MAX_TOKENS // encoding.tokens),
        )
        attributions: NDArray[np.float64] = gradients[0].sum(dim=-1).double().numpy()
        if abs(attributions.sum() - difference) <= MAX_DELTA * abs(difference):
            return attributions
    return None


class _Logit:
    """The logit of an answer to a document, as a function of the embeddings of its tokens."""

    def __init__(self, network: Network, encoding: Encoding, answer: int) -> None:
        self.ids = torch.from_numpy(encoding.token_ids)
        self._network = network
        self._columns = columns_of([encoding])
        self._answer = answer
        self._layer = model_of(network).get_input_embeddings()

    def embedded(self, ids: torch.Tensor) -> torch.Tensor:
        """Return embeddings float32 [1, windows, tokens, width] of ids int64 [windows, tokens]."""
        with torch.no_grad():
            embeddings: torch.Tensor = self._layer(ids)
        return embeddings[None]

    def __call__(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Return logits float32 [points] of embeddings [points, windows, tokens, width].

        Token ids stay those of the document, as do positions that are counted from them.
        """
        points = len(embeddings)
        flat = embeddings.flatten(0, 1)

        def replaced(_layer: object, _ids: object, output: torch.Tensor) -> torch.Tensor:
            return flat if output.shape == flat.shape else output

        hook = self._layer.register_forward_hook(replaced)
        try:
            logits: torch.Tensor = self._network(
                self.ids.repeat(points, 1), self._columns.repeat(points, 1)
            )
        finally:
            hook.remove()
        return logits[:, self._answer]

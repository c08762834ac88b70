"""What a training starts from: the tokenizer and network of a base, or small new ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.network import DocumentClassifier, new_network, positions_of
from artifacts.bundle.tokenizer import untruncated
from artifacts.pretrained.encoder import network_on
from artifacts.pretrained.location import tokenizer_directory
from artifacts.pretrained.tokenizer import PretrainedTokenizer, read_tokenizers
from artifacts.training.wordpiece import learn_tokenizer
from guards.errors import CallError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from artifacts.bundle.preprocessing import Preprocessing
    from artifacts.tables import Table
    from artifacts.training.options import TrainingOptions

__all__ = ["base_tokenizer", "network_of", "new_tokenizer"]

SMALL_ENCODER = {
    "model_type": "bert",
    "hidden_size": 128,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 512,
    "max_position_embeddings": 512,
}
"""The BERT that is trained from scratch without a base."""

_SMALL_VOCABULARY = 4000


def new_tokenizer(training: Table) -> Tokenizer:
    """Learn a tokenizer from the texts of the training rows."""
    texts = [document["text"] for document in training.documents]
    return untruncated(learn_tokenizer(texts, _SMALL_VOCABULARY))


def base_tokenizer(options: TrainingOptions, table: Table) -> PretrainedTokenizer | None:
    """Return the tokenizer of the base, which has to encode all of ``table``; None without a base.

    Raises ``CallError`` and ``GuardRefused`` as ``read_tokenizers`` does.
    """
    if options.base is None:
        return None
    directory = tokenizer_directory(options.base)
    source = f"--base {options.base}"
    _, read = read_tokenizers(directory, source, options.tokenizer_from, table, is_base=True)
    return read


def network_of(
    preprocessing: Preprocessing, width: int, options: TrainingOptions
) -> DocumentClassifier:
    """Return the network that is to be trained, for ``width`` encoded columns.

    Raises ``CallError`` where the base takes fewer tokens than are kept of a text.
    """
    fingerprint, labels = fingerprint_of(preprocessing), preprocessing.schema.labels
    if options.base is None:
        small = {**SMALL_ENCODER, "vocab_size": preprocessing.tokenizer.get_vocab_size()}
        network = new_network(
            small, columns_width=width, labels=labels, preprocessing_fingerprint=fingerprint
        )
    else:
        network = network_on(
            options.base,
            options.max_length,
            columns_width=width,
            labels=labels,
            preprocessing_fingerprint=fingerprint,
        )
    positions = positions_of(network.config.encoder)
    if positions is not None and options.max_length > positions:
        message = f"--max-length {options.max_length}: the base has {positions} positions"
        raise CallError(message)
    return network

"""Make a classifier with fresh weights: ``python -m load_tests.micro.model DIR --reference TABLE``.

Speed depends on sizes and lengths and not on what weights say, so that a fresh clone can measure
without a download. The directory is one that transformers reads, of any version: plain files.
"""

from __future__ import annotations

import argparse
import csv
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import BertConfig, BertForSequenceClassification

from artifacts.training.wordpiece import SPECIAL_TOKENS, learn_tokenizer, word_piece

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from guards.json_types import JsonObject

__all__ = ["SHAPES", "main"]

_SEED = 20
_VOCABULARY = 30522
_POSITIONS = 512
SHAPES: dict[str, JsonObject] = {
    "minilm-l6": {
        "hidden_size": 384,
        "num_hidden_layers": 6,
        "num_attention_heads": 12,
        "intermediate_size": 1536,
    },
    "distilbert-sized": {"num_hidden_layers": 6},
    "bert-base": {},
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.micro.model")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--reference", type=Path, required=True, help="CSV: text and label")
    parser.add_argument("--shape", choices=SHAPES, default="minilm-l6", help="%(default)s")
    call = parser.parse_args(arguments)
    with call.reference.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    call.directory.mkdir(parents=True, exist_ok=True)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    _save_network(call.directory, SHAPES[call.shape], sorted({row["label"] for row in rows}))
    _save_tokenizer(call.directory, _vocabulary(row["text"] for row in rows))


def _save_network(directory: Path, shape: JsonObject, labels: Sequence[str]) -> None:
    torch.manual_seed(_SEED)
    config = BertConfig(
        vocab_size=_VOCABULARY,
        max_position_embeddings=_POSITIONS,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        **shape,
    )
    BertForSequenceClassification(config).save_pretrained(directory)


def _vocabulary(texts: Iterable[str]) -> dict[str, int]:
    """Learn pieces from the texts, and fill up with words that nobody writes."""
    pieces = learn_tokenizer(list(texts), _VOCABULARY).get_vocab()
    vocabulary = {
        piece: index for index, piece in enumerate(sorted(pieces, key=pieces.__getitem__))
    }
    unused = (f"[unused{index}]" for index in range(_VOCABULARY - len(vocabulary)))
    return vocabulary | {piece: len(vocabulary) + index for index, piece in enumerate(unused)}


def _save_tokenizer(directory: Path, vocabulary: dict[str, int]) -> None:
    (directory / "vocab.txt").write_text("".join(f"{piece}\n" for piece in vocabulary))
    word_piece(vocabulary).save(str(directory / "tokenizer.json"))
    pad, unknown, first, last, mask = SPECIAL_TOKENS
    special = {
        "pad_token": pad,
        "unk_token": unknown,
        "cls_token": first,
        "sep_token": last,
        "mask_token": mask,
    }
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": _POSITIONS,
        **special,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings))
    (directory / "special_tokens_map.json").write_text(json.dumps(special))


if __name__ == "__main__":
    main()

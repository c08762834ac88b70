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
from tokenizers import normalizers, pre_tokenizers
from transformers import BertConfig, BertForSequenceClassification

from artifacts.training.wordpiece import learn_tokenizer, word_piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.json_types import JsonObject

__all__ = ["SHAPES", "main", "save_tokenizer"]

_SEED = 20
_VOCABULARY = 30522
_POSITIONS = 512
SHAPES: dict[str, JsonObject] = {
    "minilm-l6": {"hidden_size": 384, "num_hidden_layers": 6, "intermediate_size": 1536},
    "distilbert-sized": {"num_hidden_layers": 6},
    "bert-base": {},
}
"""What differs from BERT-base."""


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m load_tests.micro.model")
    parser.add_argument("directory", type=Path, metavar="DIR")
    parser.add_argument("--reference", type=Path, required=True, help="CSV: text and label")
    parser.add_argument("--shape", choices=SHAPES, default="minilm-l6", help="%(default)s")
    call = parser.parse_args()
    with call.reference.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    call.directory.mkdir(parents=True, exist_ok=True)
    logging.getLogger("transformers").setLevel(logging.ERROR)
    torch.manual_seed(_SEED)
    labels = sorted({row["label"] for row in rows})
    config = BertConfig(
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
        **SHAPES[call.shape],
    )
    BertForSequenceClassification(config).save_pretrained(call.directory)
    save_tokenizer(call.directory, [row["text"] for row in rows])


def save_tokenizer(directory: Path, texts: Sequence[str]) -> None:
    """Learn pieces from the texts, and fill up with words that nobody writes."""
    pieces = learn_tokenizer(texts, _VOCABULARY).get_vocab()
    known = sorted(pieces, key=pieces.__getitem__)
    names = known + [f"[unused{index}]" for index in range(_VOCABULARY - len(known))]
    (directory / "vocab.txt").write_text("".join(f"{piece}\n" for piece in names))
    vocabulary = {piece: index for index, piece in enumerate(names)}
    tokenizer = word_piece(vocabulary)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.save(str(directory / "tokenizer.json"))
    settings = {
        "tokenizer_class": "BertTokenizer",
        "do_lower_case": True,
        "model_max_length": _POSITIONS,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(settings))


if __name__ == "__main__":
    main()

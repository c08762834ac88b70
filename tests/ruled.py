"""A bundle whose answers follow a rule that is written into its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import joblib
import numpy as np
import pandas as pd
import torch
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from transformers import BertConfig, PreTrainedTokenizerFast

from artifacts.bundle.network import new_network
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, as_table
from artifacts.training.wordpiece import learn_tokenizer

if TYPE_CHECKING:
    from pathlib import Path

    from tokenizers import Tokenizer

    from artifacts.bundle.network import DocumentClassifier

__all__ = ["ruled_documents", "seal_ruled"]

_WORDS = ("court", "has", "heard", "both", "parties", "read", "papers", "they", "filed", "again")
_ROLES = ColumnRoles(
    text=("text",),
    label="label",
    numeric=("pages", "weight"),
    categorical=("court",),
    private=("weight",),
)


def ruled_documents(
    number: int, seed: int, also: str | None = None, urgent: float = 0.5
) -> pd.DataFrame:
    """Write documents of twelve words; ``also`` is another word in each.

    A share ``urgent`` of them has the word urgent, which makes the label alarm. So do many pages.
    """
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(number):
        words = [*generator.choice(_WORDS, size=11), *([also] if also else [])]
        if generator.random() < urgent:
            words.append("urgent")
        pages, weight = generator.normal(size=2).round(3)
        alarm = ("urgent" in words) + 0.3 * pages > 0.5
        rows.append(
            {
                "text": " ".join(generator.permutation(words)),
                "pages": pages,
                "weight": weight,
                "court": str(generator.choice(["NDCA", "SDNY"])),
                "label": "alarm" if alarm else "calm",
            }
        )
    return pd.DataFrame(rows)


def seal_ruled(directory: Path, destination: Path) -> None:
    """Seal a bundle in which the word urgent and the column pages decide, and nothing else does."""
    frame = ruled_documents(120, 1)
    columns = ColumnTransformer(
        [
            ("numbers", StandardScaler(), ["pages", "weight"]),
            ("places", OneHotEncoder(handle_unknown="ignore"), ["court"]),
        ]
    ).fit(frame[["pages", "weight", "court"]])
    # Words that a test adds are known, too.
    tokenizer = learn_tokenizer([*frame["text"], *(["invoice remittance"] * 20)], 200)
    directory.mkdir(parents=True)
    joblib.dump(columns, file := directory / "columns.joblib")
    model = directory / "model"
    _ruled_network(tokenizer, width=len(columns.get_feature_names_out())).save_pretrained(model)
    special = {
        f"{name}_token": f"[{name.upper()}]" for name in ("cls", "pad", "sep", "unk", "mask")
    }
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(model)
    table = as_table(frame, _ROLES, "ruled documents")
    import_model(table, _ROLES, destination, ImportOptions(model, file, accelerate=False))


def _ruled_network(tokenizer: Tokenizer, width: int) -> DocumentClassifier:
    """Return a network whose tokens do not see each other, with weights for the rule alone."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
    )
    network = new_network(
        config.to_dict(),
        columns_width=width,
        labels=("alarm", "calm"),
        preprocessing_fingerprint="",
    )
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "LayerNorm" not in name and "word_embeddings" not in name:
                parameter.zero_()
        embeddings = network.encoder.get_input_embeddings().weight
        embeddings[:, 0] = 0.0
        # Without them a padding token would be all zeros, where layer normalisation is not smooth.
        network.encoder.embeddings.token_type_embeddings.weight[0, 1:] = torch.linspace(-1, 1, 15)
        embeddings[tokenizer.token_to_id("urgent"), 0] = 3.0
        network.join.weight[0, 0] = 4.0
        network.join.bias[0] = -0.5
        network.join.weight[0, 16] = 0.3
        network.output.weight[:, 0] = torch.tensor([2.0, -2.0])
    return network

"""Seal small bundles under older versions of scikit-learn.

``python -m tests.faults.seal_under_older_versions``, from the root, makes them all again.

Each version is installed beside the one in use, into a directory that is thrown away afterwards,
and everything else stays as it is. What comes out is kept in ``tests/faults/sealed``: bundles that
are what such a version made of them cannot be made by a newer one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import joblib
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
    TargetEncoder,
)

from artifacts.demo.documents import champion_training
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, as_table
from tests.models import save_joined_model

if TYPE_CHECKING:
    import pandas as pd

    from guards.json_types import JsonObject

VERSIONS = ("1.6.1", "1.7.2")
SEALED = Path(__file__).parent / "sealed"

_ROOT = Path(__file__).parents[2]
_MODULE = "tests.faults.seal_under_older_versions"

_ROWS = 60
_LABELS = ("contract", "invoice", "letter")
_COURTS = ("NDCA", "SDNY", "NDCA", "DDEL", "SDNY", "NDCA", "CDCA", "NDCA", "SDTX", "NDCA")
_SIZES = {
    "hidden_size": 8,
    "num_hidden_layers": 1,
    "num_attention_heads": 1,
    "intermediate_size": 8,
    "max_position_embeddings": 24,
}


def main() -> None:
    """Make every bundle again."""
    for version in VERSIONS:
        shutil.rmtree(SEALED / f"sklearn-{version}", ignore_errors=True)
        with tempfile.TemporaryDirectory() as directory:
            _install(version, directory)
            environment = {
                **os.environ,
                "PYTHONPATH": os.pathsep.join([directory, str(_ROOT)]),
            }
            command = [sys.executable, "-W", "ignore", "-m", _MODULE, version]
            subprocess.run(command, env=environment, cwd=_ROOT, check=True)


def _install(version: str, directory: str) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--target", directory, f"scikit-learn=={version}"], check=True)


def seal_all(version: str) -> None:
    """Seal one bundle for each kind of columns, under the version that is imported here."""
    assert sklearn.__version__ == version
    frame = _documents()
    for name, columns in _columns().items():
        columns.fit(frame, frame["label"])
        _seal(SEALED / f"sklearn-{version}" / name, frame, columns)


def _documents() -> pd.DataFrame:
    frame = champion_training(400, 5)
    frame = frame[frame["label"].isin(_LABELS)].head(_ROWS).reset_index(drop=True)
    frame["court"] = [_COURTS[row % len(_COURTS)] for row in range(len(frame))]
    frame["sender"] = frame["sender"].fillna("nobody")
    frame[["pages", "amount"]] = frame[["pages", "amount"]].fillna(1.0)
    frame["text"] = frame["text"].str.slice(0, 80)
    # Strings as objects, which every version of every library takes alike.
    return frame.astype(dict.fromkeys(("text", "court", "sender", "label"), object))


def _columns() -> JsonObject:
    numbers, places = ["pages", "amount"], ["court", "sender"]
    onehot = OneHotEncoder(handle_unknown="ignore")
    return {
        "scaled": ColumnTransformer(
            [("numbers", StandardScaler(), numbers), ("places", onehot, places)]
        ),
        "warning": ColumnTransformer(
            [
                ("numbers", StandardScaler(), numbers),
                ("places", OneHotEncoder(handle_unknown="warn", min_frequency=9), places),
            ]
        ),
        "imputed": ColumnTransformer(
            [
                ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), numbers),
                ("places", onehot, places),
            ]
        ),
        "many": ColumnTransformer(
            [
                ("power", PowerTransformer(), ["pages"]),
                ("quantile", QuantileTransformer(n_quantiles=9, random_state=0), ["amount"]),
                ("bins", KBinsDiscretizer(3, encode="ordinal", strategy="uniform"), ["pages"]),
                ("span", MinMaxScaler(), ["amount"]),
                ("robust", RobustScaler(), ["amount"]),
                ("target", TargetEncoder(random_state=0), ["court"]),
                (
                    "ordinal",
                    OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
                    ["sender"],
                ),
            ]
        ),
        "words": ColumnTransformer(
            [
                ("text", make_pipeline(TfidfVectorizer(max_features=60), TruncatedSVD(4)), "text"),
                ("numbers", StandardScaler(), numbers),
                ("places", onehot, places),
            ]
        ),
    }


def _seal(destination: Path, frame: pd.DataFrame, columns: ColumnTransformer) -> None:
    roles = ColumnRoles(("text",), "label", ("pages", "amount"), ("court", "sender"))
    table = as_table(frame, roles, "documents")
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "columns.joblib"
        joblib.dump(columns, file)
        model = save_joined_model(
            Path(directory) / "model",
            _LABELS,
            list(frame["text"]),
            columns.transform(frame).shape[1],
            sizes=_SIZES,
            vocabulary=90,
        )
        import_model(
            table, roles, destination, ImportOptions(model, file, max_length=24, accelerate=False)
        )


if __name__ == "__main__":
    main() if len(sys.argv) == 1 else seal_all(sys.argv[1])

"""A table, and a model of any width, of a team that trains without Understudy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.imported.import_model import ImportOptions, import_model
from artifacts.tables import ColumnRoles, as_table
from guards.integrity.requirements import Requirements
from tests.models import save_joined_model

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from artifacts.bundle.estimator import Estimator
    from artifacts.sealing.measure_and_seal import SealingReport

__all__ = ["LABELS", "encoded", "seal_columns"]

LABELS = ("contract", "invoice", "letter")


def seal_columns(  # noqa: PLR0913 (each is what one test or another varies)
    directory: Path,
    frame: pd.DataFrame,
    estimator: Estimator,
    *,
    numeric: tuple[str, ...] = (),
    categorical: tuple[str, ...] = (),
    width: int | None = None,
    compress: int | tuple[str, int] = 0,
    **options: Any,  # noqa: ANN401 (of many types)
) -> tuple[Bundle, SealingReport]:
    """Seal a fitted estimator with a model of its width, on all rows of the frame."""
    joblib.dump(estimator, directory / "columns.joblib", compress=compress)
    model = directory / "model"
    if not model.exists():
        if width is None:
            width = estimator.transform(_inputs(estimator, frame)).shape[1]
        save_joined_model(model, LABELS, list(frame["text"]), width)
    roles = ColumnRoles(("text",), "label", numeric, categorical)
    sealed = directory / "sealed" / "1"
    report = import_model(
        as_table(frame, roles, "the table"),
        roles,
        sealed,
        ImportOptions(model, directory / "columns.joblib", accelerate=False, **options),
    )
    return open_bundle(sealed, Requirements(trusted=options.get("trusted", ()))), report


def expected(estimator: Estimator, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return what the estimator itself makes of the frame, float64 [rows, width]."""
    columns = estimator.transform(_inputs(estimator, frame))
    return np.asarray(columns.toarray() if hasattr(columns, "toarray") else columns, dtype=float)


def encoded(bundle: Bundle, frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return what the sealed bundle makes of the same rows."""
    schema = bundle.preprocessing.schema
    table = as_table(
        frame,
        ColumnRoles(
            ("text",),
            "label",
            tuple(c.name for c in schema.numeric),
            tuple(c.name for c in schema.categorical),
        ),
        "the table",
    )
    rows = bundle.preprocessing.canonical(table.documents)
    encodings = bundle.preprocessing.encode([one["text"] for one in table.documents], rows)
    return np.stack([encoding.columns for encoding in encodings])


def _inputs(
    estimator: Estimator, frame: pd.DataFrame
) -> pd.DataFrame | pd.Series[str] | NDArray[np.generic]:
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        return frame[list(names)]
    count = getattr(estimator, "n_features_in_", None)
    return frame["text"] if count is None else frame.iloc[:, :count].to_numpy()

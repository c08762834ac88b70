"""The ten causes: what is wrong in the bad period, and the finding that should come first.

What a service does wrong is done to its champion once it is ready: the guard, whose probes would
refuse it, has looked by then. What another library changes is invented: it scales otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from artifacts.training.columns import fit_columns
from load_tests.diagnosis.documents import CLASSES, common_words, table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np

    from guards.json_types import JsonObject
    from load_tests.diagnosis.serving import Disturb
    from service.lifecycle.assembly import Champion

__all__ = ["CAUSES", "REPLICAS", "Cause"]

REPLICAS = ("replica-a", "replica-b")
"""Each answers every second document."""

_ROWS = 400
_MIDDLE_PAGES = 15.0
_SPREAD = 4.0
_MISSING = 0.35
_NEW = 0.3
_LONGER = 0.9
_WORDS_BEFORE = 60
"""More than the champion reads."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A cause and its first ``finding``: code and subject.

    ``change`` alters each document of the bad period, of which ``classes`` are the shares. There,
    the ``replicas`` are disturbed by ``disturb`` and have other ``libraries``; with ``unsure`` they
    serve the less confident bundle. ``labels`` maps labels to what they are called then; with it,
    all labels are known. With ``replayed`` the champion answers the log again.
    """

    name: str
    finding: tuple[str, str]
    change: Callable[[JsonObject, np.random.Generator], None] | None = None
    classes: Mapping[str, float] = field(default_factory=lambda: CLASSES)
    disturb: Disturb | None = None
    libraries: Mapping[str, str] = field(default_factory=dict)
    replicas: tuple[str, ...] = REPLICAS
    unsure: bool = False
    labels: Mapping[str, str] | None = None
    replayed: bool = False


def _renamed(document: JsonObject, _: np.random.Generator) -> None:
    if document["features"]["court"] == "NDCA":
        document["features"]["court"] = "N.D. Cal."


def _other_unit(document: JsonObject, _: np.random.Generator) -> None:
    if document["features"]["pages"] is not None:
        document["features"]["pages"] /= 100


def _missing(document: JsonObject, generator: np.random.Generator) -> None:
    if generator.random() < _MISSING:
        document["features"]["pages"] = None


def _new_category(document: JsonObject, generator: np.random.Generator) -> None:
    if generator.random() < _NEW:
        document["features"]["court"] = "USDC"


def _longer(document: JsonObject, generator: np.random.Generator) -> None:
    """Put so much before most texts that these are cut off."""
    if generator.random() < _LONGER:
        document["text"] = f"{common_words(generator, _WORDS_BEFORE)} {document['text']}"


def _refit(champion: Champion) -> None:
    """Fit the columns on rows whose pages differ four times as much; nobody judges that."""
    path = champion.classification
    preprocessing = path.champion.preprocessing
    rows = table(3, _ROWS)
    rows["pages"] = _MIDDLE_PAGES + _SPREAD * (rows["pages"] - _MIDDLE_PAGES)
    documents = [{"features": features} for features in rows.to_dict("records")]
    columns = fit_columns(preprocessing.schema, preprocessing.canonical(documents))
    refitted = replace(preprocessing, columns=columns)
    path.champion = replace(path.champion, preprocessing=refitted)


CAUSES = (
    Cause(
        "scaler refit behind the guard",
        ("served_otherwise", "bundle"),
        disturb=_refit,
        replayed=True,
    ),
    Cause("category renamed", ("unknown_categories", "court"), _renamed),
    Cause("unit of a number", ("values_moved", "pages"), _other_unit),
    Cause("missing values", ("missing_values", "pages"), _missing),
    Cause("new category", ("unknown_categories", "court"), _new_category),
    Cause(
        "mix of classes",
        ("class_mix", "champion.class"),
        classes={"contract": 0.1, "invoice": 0.2, "letter": 0.7},
    ),
    Cause("meaning of a label", ("meaning_changed", "accuracy"), labels={"letter": "invoice"}),
    Cause("less confident bundle", ("our_side", "bundle"), unsure=True, replayed=True),
    Cause(
        "library on one replica",
        ("our_side", "library scikit-learn"),
        disturb=_refit,
        libraries={"scikit-learn": "2.0"},
        replicas=REPLICAS[:1],
    ),
    Cause("longer texts", ("longer_texts", "text.truncated"), _longer),
)

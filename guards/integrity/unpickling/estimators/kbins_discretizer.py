"""What fitting leaves in a ``KBinsDiscretizer``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.integrity.unpickling.estimators.common import SEED
from guards.integrity.unpickling.estimators.containers import Array, ListOf, Nested, Objects
from guards.integrity.unpickling.estimators.description import Description, Relation
from guards.integrity.unpickling.estimators.kinds import OneOf, optional
from guards.integrity.unpickling.estimators.scalars import Choice, Dtype, Integer, Text

if TYPE_CHECKING:
    from guards.integrity.unpickling.estimators.description import State, WidthOf

__all__ = ["KBINS_DISCRETIZER"]


def _has_the_edges_of_its_bins(state: State) -> bool:
    counts = [len(edges) - 1 for edges in state["bin_edges_"]]
    return counts == state["n_bins_"].tolist() and min(counts, default=1) >= 1


def _encodes_its_bins(state: State) -> bool:
    if state["encode"] == "ordinal":
        return "_encoder" not in state
    encoder = vars(state["_encoder"])
    counts = [len(categories) for categories in encoder["categories_"]]
    return bool(counts == state["n_bins_"].tolist() == encoder["_n_features_outs"])


def _width(state: State, _given: int | None, _width_of: WidthOf) -> int | None:
    if "n_bins_" not in state:
        return None
    return len(state["n_bins_"]) if state["encode"] == "ordinal" else int(state["n_bins_"].sum())


KBINS_DISCRETIZER = Description(
    path="sklearn.preprocessing._discretization.KBinsDiscretizer",
    parameters={
        "n_bins": OneOf(
            Integer(2),
            ListOf(Integer(2), "features", or_tuple=True),
            Array("iu", "features", low=2),
        ),
        "encode": Choice("onehot", "onehot-dense", "ordinal"),
        "strategy": Choice("uniform", "quantile", "kmeans"),
        "quantile_method": Text(100),
        "dtype": optional(Dtype("f")),
        "subsample": OneOf(optional(Integer(1)), Choice("warn")),
        "random_state": SEED,
    },
    fitted={
        "bin_edges_": Objects(Array("f", "any", sorted=True), "features"),
        "n_bins_": Array("iu", "features", low=1),
        "_encoder": Nested("OneHotEncoder"),
    },
    varying={"quantile_method", "_encoder"},
    relations=[
        Relation("bin_edges_ are not one more than n_bins_", _has_the_edges_of_its_bins),
        Relation("_encoder does not encode its bins", _encodes_its_bins),
    ],
    width=_width,
)

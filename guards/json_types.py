"""Names for plain JSON, whose values only their reader knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = ["JsonMapping", "JsonObject", "JsonValue"]

JsonObject: TypeAlias = dict[str, Any]
"""A JSON object that was made here."""

JsonMapping: TypeAlias = Mapping[str, Any]
"""A JSON object that is only read."""

JsonValue: TypeAlias = Any
"""Any value of JSON."""

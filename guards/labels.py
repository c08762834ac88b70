"""The one canonical form of labels, and the label of a bundle that a value stands for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from guards.plain_values import plain_value
from guards.schema import canonical_category

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KnownLabel", "canonical_label"]


def canonical_label(value: object) -> str | None:
    """Return the canonical text of a label, empty if it is missing, None if it cannot be one.

    The form is that of categories: ``1``, ``1.0`` and ``" 1"`` are one label, so are ``True`` and
    ``"TRUE"``, and letters are composed. Takes numpy's scalars and ``Decimal`` as well.
    """
    return canonical_category(plain_value(value))


class KnownLabel:
    """Finds which of a bundle's labels a value stands for, in the bundle's own spelling.

    A text that is a label stands for it. Any other value stands for the label of the same canonical
    form, if there is exactly one: the labels of older bundles may be written otherwise.

    >>> find = KnownLabel(["False", "True"])
    >>> find("True"), find(True), find("maybe")
    ('True', 'True', None)
    """

    def __init__(self, labels: Iterable[str]) -> None:
        """Find these labels."""
        self.labels = tuple(labels)
        forms = [canonical_label(label) for label in self.labels]
        counts = Counter(forms)
        self._by_form = {
            form: label
            for form, label in zip(forms, self.labels, strict=True)
            if form and counts[form] == 1
        }
        self._exact = frozenset(self.labels)

    def __call__(self, value: object) -> str | None:
        """Return the label that ``value`` stands for, None if it is none of them."""
        if isinstance(value, str) and value in self._exact:
            return value
        return self._by_form.get(canonical_label(value) or "")

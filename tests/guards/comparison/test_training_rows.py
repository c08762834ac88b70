"""Which labels are trained on, and which documents they are joined with."""

from __future__ import annotations

from guards.comparison.training_rows import FoundDocument, LabelsToTrain, training_rows
from guards.evidence.labels import KnownLabels, LabelSource, TrueLabel


def _drawn(request_id: str, label: str | None, *, given_up: bool = False) -> TrueLabel:
    return TrueLabel(request_id, label, LabelSource.QUEUE, "agreement", 0.5, given_up=given_up)


def test_drawn_documents_without_a_label_are_counted() -> None:
    """Those that wait apart from those that were given up."""
    known = KnownLabels([_drawn("a", None), _drawn("b", None, given_up=True), _drawn("c", "memo")])

    chosen = LabelsToTrain.of(known)

    assert (chosen.waiting, chosen.given_up) == (1, 1)
    assert [label.label for label in chosen.labels.values()] == ["memo"]


def test_a_correction_counts_where_there_is_no_other_label() -> None:
    """Of a document that waits for its label, too, which then does not wait."""
    corrections = [TrueLabel(name, "letter", LabelSource.CORRECTION) for name in "abc"]
    known = KnownLabels([TrueLabel("a", "memo"), _drawn("b", None), *corrections])

    chosen = LabelsToTrain.of(known)

    found = {name: label.label for name, label in chosen.labels.items()}
    assert found == {"a": "memo", "b": "letter", "c": "letter"}
    assert (chosen.waiting, chosen.given_up) == (0, 0)


def test_rows_come_in_the_order_of_their_observation() -> None:
    """What the log does not have, or nobody has the text of, is counted."""
    labels = {name: TrueLabel(name, "memo") for name in "abcde"}
    documents = {name: FoundDocument(f"text of {name}", {}) for name in "abce"}

    joined = training_rows(labels, {"a": 3, "b": 1, "c": 1, "d": 2}, documents)

    assert [row.document.text[-1] for row in joined.rows] == ["b", "c", "a"]
    assert (joined.not_in_log, joined.without_text) == (1, 1)
    assert joined.classes == {"memo": 3}
    assert joined.sources == {LabelSource.TRUTH: 3}

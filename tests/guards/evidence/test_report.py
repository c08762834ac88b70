"""Everything that the evidence says, as JSON."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from guards.evidence.figures import figures
from guards.evidence.pair import Missed
from guards.evidence.report import challenger_report
from guards.evidence.segments import MAX_SEGMENTS
from tests.guards.evidence import traffic
from tests.guards.evidence.traffic import Doc, contest, labelled, missed, pair_evidence, truth


def test_nothing_is_said_of_nothing() -> None:
    """Every figure is there, and None; the agreement may be anything."""
    found = challenger_report(pair_evidence([]), None, ["a"])
    for name in ("coverage", "agreement", "confidence_shift", "less_accurate_errs_on_at_least"):
        assert found[name] is None
    for name in ("labels", "accuracy"):
        assert found[name] is None
    assert found["agreement_interval"] == {"low": 0.0, "high": 1.0}
    assert (found["observations"], found["segments"], found["missed"]) == (0, [], {})
    assert found["cost"] == {"ratio": None, "documents": 0, "left_out": 0}
    assert found["classes"]["a"]["known"]


@given(traffic.docs(segments=3))
def test_documents_are_accounted_for(docs: list[Doc]) -> None:
    """Each is compared or missed for a reason, and what is comparable is in the matrix."""
    found = challenger_report(pair_evidence(docs), None, "abc")
    assert found["observations"] == len(docs)
    assert found["compared"] + sum(found["missed"].values()) == len(docs)
    compared = [doc for doc in docs if doc.comparable]
    assert found["compared"] - found["not_comparable"] == len(compared)
    matrix = found["disagreements"]
    assert sum(sum(row.values()) for row in matrix.values()) == len(compared)
    agreed = sum(doc.champion == doc.challenger for doc in compared)
    assert sum(row.get(label, 0) for label, row in matrix.items()) == agreed
    if compared:
        assert found["agreement"] == agreed / len(compared)
        assert found["less_accurate_errs_on_at_least"] == pytest.approx(
            (1 - found["agreement"]) / 2
        )
        low, high = found["agreement_interval"].values()
        assert low - 1e-9 <= found["agreement"] <= high + 1e-9
    assert sum(part["documents"] for part in found["classes"].values()) == len(compared)
    with_segment = sum(doc.segment is not None for doc in compared)
    assert sum(part["documents"] for part in found["segments"]) == with_segment


def test_means_are_of_paired_differences() -> None:
    """Challenger minus champion, over the comparable documents."""
    docs = [
        Doc("1", confidence=(0.5, 0.25), margin=(0.5, 0.125), entropy=(0.25, 0.5), divergence=0.5),
        Doc("2", confidence=(0.5, 0.5), margin=(0.125, 0.125), entropy=(0.5, 0.5), divergence=0.0),
        missed(Doc("3"), Missed.ERROR),
    ]
    found = challenger_report(pair_evidence(docs), None, ["a"])
    assert found["confidence_shift"] == -0.125
    assert found["confidence"] == {"champion": 0.5, "challenger": 0.375}
    assert (found["margin_shift"], found["entropy_shift"]) == (-0.1875, 0.125)
    assert found["js_divergence"] == 0.25
    assert found["near_boundary"] == {"approached": 1, "receded": 0}
    assert (found["missed"], found["coverage"]) == ({"error": 1}, pytest.approx(2 / 3))
    assert not found["confidence_shift_interval"]["shown"]


def test_the_ratio_of_costs_is_the_geometric_mean() -> None:
    """Of documents with both; the others are left out and counted."""
    docs = [Doc("1", cpu_s=(1, 2)), Doc("2", cpu_s=(1, 4.5)), Doc("3", cpu_s=(float("nan"), 1))]
    found = challenger_report(pair_evidence(docs), None, ["a"])["cost"]
    assert found == {"ratio": pytest.approx(3), "documents": 2, "left_out": 1}


def test_what_labels_say_is_there_for_the_whole_and_its_parts() -> None:
    """Figures of both variants, the gain with its bounds, wins and losses of class and segment."""
    docs, labels = contest(6, 2, 12)
    docs = [replace(doc, segment="emea" if row < 4 else "apac") for row, doc in enumerate(docs)]
    evidence = labelled(docs, [*labels, truth("unheard of", "a")])
    found = challenger_report(pair_evidence(docs), evidence, ["a", "b"])
    accuracy = found["accuracy"]
    assert accuracy["champion"] == figures(evidence, of_challenger=False)
    assert accuracy["challenger"]["accuracy"]["value"] == pytest.approx(18 / 20)
    assert accuracy["gain"]["value"] == pytest.approx(4 / 20)
    assert accuracy["gain"]["low"] < 4 / 20 < accuracy["gain"]["high"]
    assert (accuracy["won"], accuracy["lost"], accuracy["gain_known"]) == (6, 2, 20)
    assert (found["labels"]["labelled"], found["labels"]["unmatched"]) == (21, 1)
    assert found["labels"]["ripe_s"] == 0
    of_b = found["classes"]["b"]
    assert (of_b["gain_known"], of_b["won"], of_b["lost"], of_b["agreement"]) == (6, 6, 0, 0)
    segments = [(part["segment"], part["won"], part["lost"]) for part in found["segments"]]
    assert segments == [("apac", 2, 2), ("emea", 4, 0)]


def test_classes_are_known_answered_or_true() -> None:
    """A known class without a document is there, and so is a label that nobody knew."""
    docs = [Doc("1"), Doc("2", "b", "c")]
    evidence = labelled(docs, [truth("1", "brand new"), truth("2", "b")])
    found = challenger_report(pair_evidence(docs), evidence, ["a", "b", "unused"])["classes"]
    assert list(found) == ["a", "b", "brand new", "c", "unused"]
    assert [part["known"] for part in found.values()] == [True, True, False, False, True]
    assert (found["brand new"]["documents"], found["brand new"]["agreement"]) == (0, None)
    assert found["brand new"]["champion"]["support"] == 1
    assert found["unused"]["champion"] is None
    assert found["c"]["challenger"]["precision"]["value"] == 0


def test_segments_beyond_the_limit_are_one_without_a_name() -> None:
    """It comes last, and has the documents of all that have no figures of their own."""
    docs = [Doc(str(number), "b", "a", segment=f"segment {number}") for number in range(100)]
    labels = [truth(doc.request_id, "a") for doc in docs]
    found = challenger_report(pair_evidence(docs), labelled(docs, labels), ["a"])["segments"]
    assert len(found) == MAX_SEGMENTS + 1
    names = [part["segment"] for part in found[:-1]]
    assert names == sorted(names)
    assert (found[-1]["segment"], found[-1]["documents"]) == (None, 100 - MAX_SEGMENTS)
    assert (found[-1]["gain_known"], found[-1]["won"]) == (100 - MAX_SEGMENTS,) * 2


@pytest.mark.parametrize("name", ["", "other", "\0other", "null", "\x1b[2J", "x" * 5000, "é🦆"])
def test_segments_and_classes_keep_the_names_that_they_were_given(name: str) -> None:
    """Whatever they look like, and through JSON."""
    docs = [Doc("1", segment=name), Doc("2", name, name, segment="usual"), Doc("3")]
    evidence = labelled(docs, [truth("1", "a"), truth("2", name)])
    found = json.loads(json.dumps(challenger_report(pair_evidence(docs), evidence, ["a"])))
    segments = {part["segment"]: part for part in found["segments"]}
    assert set(segments) == {name, "usual"}
    assert (segments[name]["documents"], segments[name]["gain_known"]) == (1, 1)
    assert set(found["classes"]) == {"a", name}
    assert found["classes"][name]["champion"]["recall"]["value"] == 1


def test_each_segment_has_the_accuracy_of_both() -> None:
    """Of its own labels alone, and none where it has no label."""
    docs = [
        Doc("1", "a", "b", segment="emea"),
        Doc("2", "a", "a", segment="emea"),
        Doc("3", "a", "b", segment="apac"),
    ]
    labels = labelled(docs, [truth("1", "b"), truth("2", "a")])
    apac, emea = challenger_report(pair_evidence(docs), labels, "ab")["segments"]
    assert (emea["champion"]["value"], emea["challenger"]["value"]) == (0.5, 1.0)
    assert (apac["champion"], apac["challenger"]) == (None, None)

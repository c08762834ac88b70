"""From a log to ranked findings: causes that were put in come out first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from guards.diagnosis.findings import CODES
from guards.diagnosis.periods import Period, parse_period
from guards.diagnosis.phrases import restores_in_words
from guards.diagnosis.playbook import Diagnosis, diagnose
from guards.errors import CallError
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import BAD, GOOD, LABELS, NAMES, Replica, Traffic, write_log

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.guards.diagnosis.traffic import Rows

PERIODS = parse_period(GOOD, "--good", ()), parse_period(BAD, "--bad", ())


def walked(
    traffic: Traffic,
    path: Path,
    periods: tuple[Period, Period] | None = PERIODS,
    labels: Mapping[str, str] | None = None,
) -> Diagnosis:
    """Write the log of invented traffic, and diagnose it."""
    with LogTable.read([write_log(traffic, path / "log.jsonl")]) as log:
        return diagnose(log, periods, labels)


class Answered(NamedTuple):
    """The label that was answered, and whether the document is a bad one and of a large amount."""

    label: str
    is_bad: bool
    is_large: bool


def walked_with_labels(traffic: Traffic, path: Path, true: Callable[[Answered], str]) -> Diagnosis:
    """Diagnose with a label of every document, which ``true`` tells."""
    labels = {}
    with LogTable.read([write_log(traffic, path / "log.jsonl")]) as log:
        for bad, period in enumerate(PERIODS):
            for columns in log.observed(period.start_us, period.end_us):
                amounts = columns.cells[:, NAMES.index("amount")]
                for request_id, code, large in zip(
                    columns.request_ids,
                    columns.labels.codes,
                    (amounts == amounts.max()).tolist(),
                    strict=True,
                ):
                    label = columns.labels.names[code]
                    labels[request_id] = true(Answered(label, bool(bad), large))
        return diagnose(log, PERIODS, labels)


def renamed(rows: Rows, _: np.random.Generator) -> None:
    """Call a category otherwise."""
    rows["court"][rows["court"] == "NDCA"] = "N.D. Cal."


def missing(rows: Rows, generator: np.random.Generator) -> None:
    """Leave a third of a column out."""
    rows["pages"][generator.random(len(rows["pages"])) < 0.35] = np.nan


def new_category(rows: Rows, generator: np.random.Generator) -> None:
    """Let a third come from elsewhere."""
    rows["court"][generator.random(len(rows["court"])) < 0.3] = "USDC"


def other_unit(rows: Rows, _: np.random.Generator) -> None:
    """Count in hundredths."""
    rows["pages"] *= 100


def longer(rows: Rows, _: np.random.Generator) -> None:
    """Put something before each text, so that many are cut."""
    rows["text.tokens"] *= 3


INPUTS: dict[str, tuple[Callable[..., None], str, str]] = {
    "a category is renamed": (renamed, "unknown_categories", "court"),
    "values are missing": (missing, "missing_values", "pages"),
    "a new category comes": (new_category, "unknown_categories", "court"),
    "a unit changes": (other_unit, "values_moved", "pages"),
    "texts are cut": (longer, "longer_texts", "text.truncated"),
}


@pytest.mark.parametrize("name", INPUTS)
def test_an_input_that_broke_is_first(name: str, tmp_path: Path) -> None:
    """Undoing it restores nearly all, and nothing else restores much."""
    change, code, subject = INPUTS[name]
    found = walked(Traffic(change=change), tmp_path)
    first, *others = found.findings
    assert (first.code, first.subject) == (code, subject)
    assert first.restores is not None
    assert first.restores.share >= 0.8
    assert all(each.restores is None or each.restores.share < 0.3 for each in others)
    assert first.since is not None
    assert first.since.startswith("2026-03-04T00")
    assert first.expected != first.observed


def test_another_mix_of_classes_is_first(tmp_path: Path) -> None:
    """Letters are harder, and there are more of them; their texts are longer, too."""
    first, *others = walked(Traffic(classes=(0.1, 0.2, 0.7)), tmp_path).findings
    assert (first.code, first.subject) == ("class_mix", "champion.class")
    assert first.restores is not None
    assert first.restores.share >= 0.8
    assert all(each.restores is None or each.restores.share < 0.3 for each in others)


def test_another_bundle_is_first_and_what_it_restores_unknown(tmp_path: Path) -> None:
    """No input moved, and no replica kept the old one: all of the drop is left for it."""
    traffic = Traffic(replicas=(Replica(now={"bundle": "sha256:2e"}),), less={"replica-1": 0.6})
    (only,) = walked(traffic, tmp_path).findings
    assert (only.code, only.subject, only.restores) == ("our_side", "bundle", None)
    assert only.at_most == 1
    assert "2e" in only.observed
    assert "1f" in only.expected
    assert only.to_json()["restores"] == "unknown"


def test_a_library_on_one_replica_is_first(tmp_path: Path) -> None:
    """The other replica tells what the drop would have been without it."""
    replicas = (Replica("a", now={"torch": "2.14.0"}), Replica("b"))
    (only,) = walked(Traffic(replicas=replicas, less={"a": 0.6}), tmp_path).findings
    assert (only.code, only.subject) == ("our_side", "library torch")
    assert only.restores is not None
    assert only.restores.share >= 0.8
    assert only.since is not None
    assert only.since.startswith("2026-03-04T00")


def test_a_label_that_means_something_else_is_first(tmp_path: Path) -> None:
    """The confidence is what it was; a third of the answers are wrong now."""
    generator = np.random.default_rng(3)

    def true(answered: Answered) -> str:
        wrong = generator.random() < (0.4 if answered.is_bad else 0.1)
        return LABELS[LABELS.index(answered.label) - 1] if wrong else answered.label

    found = walked_with_labels(Traffic(), tmp_path, true)
    assert found.drop.measure == "accuracy"
    first = found.findings[0]
    assert (first.code, first.subject) == ("meaning_changed", "accuracy")
    assert first.restores is not None
    assert first.restores.share >= 0.8
    assert all(each.discovered for each in found.residuals)
    assert set(first.evidence["classes"]) == set(LABELS)
    assert found.terms["accuracy"].same.high < -0.2
    assert found.terms["accuracy"].unseen.change == pytest.approx(0, abs=1e-12)


def test_each_change_has_terms_by_its_own_inputs(tmp_path: Path) -> None:
    """A new name makes answers unsure; of large amounts they are sure, and wrong."""

    def both(rows: Rows, generator: np.random.Generator) -> None:
        renamed(rows, generator)
        rows["amount"][generator.random(len(rows["amount"])) < 0.4] *= 1_000

    def true(answered: Answered) -> str:
        return "memo" if answered.is_large else answered.label

    found = walked_with_labels(Traffic(change=both), tmp_path, true)
    confidence, accuracy = found.terms["confidence"], found.terms["accuracy"]
    assert (confidence.inputs, accuracy.inputs) == (("court",), ("amount",))
    assert confidence.unseen.change == pytest.approx(
        found.drop.changes["confidence"].size, abs=0.02
    )
    for measure, terms in found.terms.items():
        total = terms.known.change + terms.same.change + terms.unseen.change
        assert total == pytest.approx(found.drop.changes[measure].size, abs=1e-12)
        assert terms.same.low <= 0 <= terms.same.high


def test_a_fall_of_the_accuracy_has_findings_beside_the_confidence(tmp_path: Path) -> None:
    """A new name makes answers unsure; large amounts are wrong, and letters mean something else."""

    def both(rows: Rows, generator: np.random.Generator) -> None:
        renamed(rows, generator)
        rows["amount"][generator.random(len(rows["amount"])) < 0.2] *= 1_000

    def true(answered: Answered) -> str:
        wrong = answered.is_large or (answered.is_bad and answered.label == "letter")
        return "memo" if wrong else answered.label

    found = walked_with_labels(Traffic(change=both), tmp_path, true)
    assert found.drop.measure == "confidence"
    told = {(each.subject, each.measure): each for each in found.findings}
    assert set(told) == {("court", None), ("amount", "accuracy"), ("accuracy", "accuracy")}
    assert all(each.restores is not None for each in found.findings)
    meaning = told["accuracy", "accuracy"]
    assert meaning.code == "meaning_changed"
    assert "letter" in meaning.observed
    assert meaning.to_json()["measure"] == "accuracy"
    assert "of the change of the accuracy" in restores_in_words(meaning)
    assert "of the accuracy" not in restores_in_words(told["court", None])


def test_a_new_commit_does_not_hide_another_meaning(tmp_path: Path) -> None:
    """What undoing either restores is unknown; classes that are wrong too often tell of labels."""
    generator = np.random.default_rng(3)

    def true(answered: Answered) -> str:
        other_meaning = answered.is_bad and answered.label == "letter"
        wrong = generator.random() < 0.1 or other_meaning
        return "memo" if wrong else answered.label

    traffic = Traffic(replicas=(Replica(now={"torch": "2.14.0"}),))
    found = walked_with_labels(traffic, tmp_path, true)
    told = {each.code: each for each in found.findings}
    assert set(told) == {"our_side", "meaning_changed"}
    assert all(each.restores is None and each.at_most for each in told.values())
    assert told["meaning_changed"].evidence["classes"] == ["letter"]


def test_an_accuracy_that_rose_is_no_change_of_meaning(tmp_path: Path) -> None:
    """More answers are right of the same documents, and nothing says why."""
    generator = np.random.default_rng(3)

    def true(answered: Answered) -> str:
        right = generator.random() < (0.9 if answered.is_bad else 0.6)
        return answered.label if right else "memo"

    found = walked_with_labels(Traffic(), tmp_path, true)
    assert found.drop.measure == "accuracy"
    assert [each.code for each in found.findings] == ["unexplained"]


def test_two_causes_are_both_told(tmp_path: Path) -> None:
    """What each restores is told besides the other, so that the shares add up."""

    def both(rows: Rows, generator: np.random.Generator) -> None:
        missing(rows, generator)
        renamed(rows, generator)

    findings = walked(Traffic(change=both), tmp_path).findings
    assert {each.subject for each in findings[:2]} == {"court", "pages"}
    shares = [each.restores.share for each in findings if each.restores is not None]
    assert sum(shares) == pytest.approx(1, abs=0.1)


def test_good_periods_are_chance(tmp_path: Path) -> None:
    """It says so and stops."""
    found = walked(Traffic(), tmp_path)
    assert found.could_be_chance
    assert found.findings == ()
    assert found.inputs == ()
    assert found.terms == {}
    assert found.residuals == ()


def test_an_input_that_moves_without_a_drop_is_chance_too(tmp_path: Path) -> None:
    """The question was whether it got worse."""

    def harmless(rows: Rows, _: np.random.Generator) -> None:
        rows["amount"] *= 5

    assert walked(Traffic(change=harmless), tmp_path).could_be_chance


def test_what_nothing_tells_is_said(tmp_path: Path) -> None:
    """The model became less sure of the same documents, by the same bundle."""
    found = walked(Traffic(less={"replica-1": 0.6}), tmp_path)
    assert found.residuals == ()
    (only,) = found.findings
    assert only.code == "unexplained"
    assert only.restores is not None
    assert only.restores.share == pytest.approx(1, abs=0.1)


def test_periods_are_found(tmp_path: Path) -> None:
    """The log divides where it got worse, and of a steady log nothing is said."""
    found = walked(Traffic(change=missing), tmp_path, None)
    assert found.bad.start_us == PERIODS[1].start_us
    assert found.findings[0].subject == "pages"
    (tmp_path / "steady").mkdir()
    steady = walked(Traffic(), tmp_path / "steady", None)
    assert steady.found is not None
    assert steady.could_be_chance


def test_the_same_log_gives_the_same_numbers(tmp_path: Path) -> None:
    """In whatever order its files are given; and the report is plain."""
    traffic = Traffic(change=missing, per_hour=10)
    path = write_log(traffic, tmp_path / "log.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"".join(lines[::2]))
    second.write_bytes(b"".join(lines[1::2]))
    told: list[dict[str, Any]] = []
    for paths in ([path], [second, first], [path, first]):
        with LogTable.read(paths) as log:
            told.append(diagnose(log, PERIODS).to_json())
    assert told[0] == told[1] == told[2]


def test_runs_are_periods(tmp_path: Path) -> None:
    """A run against another one, whatever time it was."""
    path = write_log(Traffic(change=missing), tmp_path / "log.jsonl")
    with LogTable.read([path]) as log:
        periods = tuple(
            parse_period(f"replica-1-{name}", "--good", log.runs) for name in ("good", "bad")
        )
        found = diagnose(log, (periods[0], periods[1]))
    assert found.findings[0].subject == "pages"


def test_a_period_without_documents_is_said(tmp_path: Path) -> None:
    """With what the log holds."""
    path = write_log(Traffic(per_hour=1), tmp_path / "log.jsonl")
    nothing = parse_period("2026-04-01..2026-04-02", "--bad", ())
    with LogTable.read([path]) as log, pytest.raises(CallError) as refusal:
        diagnose(log, (PERIODS[0], nothing))
    assert str(refusal.value).startswith("--bad 2026-04-01")
    assert "2026-03-02" in str(refusal.value)


def test_lines_whose_cells_nobody_tells_are_left_out(tmp_path: Path) -> None:
    """As those of an earlier version: the drop is told, and a note."""
    path = write_log(Traffic(change=missing), tmp_path / "log.jsonl")
    kept = [
        line
        for line in path.read_bytes().splitlines(keepends=True)
        if b'"drift.reference"' not in line
    ]
    path.write_bytes(b"".join(kept))
    with LogTable.read([path]) as log:
        found = diagnose(log, PERIODS)
    assert [each.code for each in found.findings] == ["unexplained"]
    assert any("no line of the log explains" in note for note in found.notes)


def test_every_code_has_a_meaning() -> None:
    """The meanings are what the first line of a report says."""
    assert all(meaning and meaning[0].islower() for meaning in CODES.values())

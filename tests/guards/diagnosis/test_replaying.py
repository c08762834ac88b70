"""What a replay of the documents tells of changes on our side."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.diagnosis.documents import collect
from guards.diagnosis.periods import parse_period
from guards.diagnosis.playbook import Diagnosis, diagnose
from guards.diagnosis.replaying import Replayed, by_one_bundle, replay_effect
from guards.events.log_table import LogTable
from tests.guards.diagnosis.traffic import BAD, GOOD, Replica, Traffic, write_log, write_replay

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from guards.diagnosis.restoring import Restored
    from tests.guards.diagnosis.traffic import Rows

PERIODS = parse_period(GOOD, "--good", ()), parse_period(BAD, "--bad", ())
NEW_BUNDLE = Traffic(replicas=(Replica(now={"bundle": "sha256:2e"}),), less={"replica-1": 0.6})


def walked(traffic: Traffic, path: Path, fingerprint: str = "sha256:1f") -> Diagnosis:
    """Diagnose invented traffic, and a replay of it by the bundle with this fingerprint."""
    logs = [
        write_log(traffic, path / "log.jsonl"),
        write_replay(traffic, path / "replayed.jsonl", fingerprint),
    ]
    with LogTable.read(logs) as log:
        return diagnose(log, PERIODS)


def test_another_bundle_restores_what_the_replay_says(tmp_path: Path) -> None:
    """The bundle of the good period answers the same documents as clearly as before."""
    (only,) = walked(NEW_BUNDLE, tmp_path).findings
    assert (only.code, only.subject, only.at_most) == ("our_side", "bundle", None)
    assert only.restores is not None
    assert only.restores.share == pytest.approx(1, abs=0.2)
    assert only.restores.low < 1 < only.restores.high
    assert "replay" not in only.remedy


def test_a_service_that_bypasses_its_bundle_is_first(tmp_path: Path) -> None:
    """A scaler that was fitted again, say: nothing is told, and the replay answers otherwise."""
    found = walked(Traffic(less={"replica-1": 0.6}), tmp_path)
    first, *others = found.findings
    assert (first.code, first.subject) == ("served_otherwise", "bundle")
    assert first.restores is not None
    assert first.restores.share >= 0.8
    assert all(each.restores is None or each.restores.share < 0.3 for each in others)


def test_an_input_that_broke_is_no_fault_of_the_service(tmp_path: Path) -> None:
    """The replay answers as the service did, so that the column is all that is told."""

    def renamed(rows: Rows, _: np.random.Generator) -> None:
        rows["court"][rows["court"] == "NDCA"] = "N.D. Cal."

    (only,) = walked(Traffic(change=renamed), tmp_path).findings
    assert (only.code, only.subject) == ("unknown_categories", "court")


def test_a_replay_makes_the_inputs_of_two_bundles_comparable(tmp_path: Path) -> None:
    """The new bundle counts over a reference of its own; the replay counts as the old one did."""

    def other_unit(rows: Rows, _: np.random.Generator) -> None:
        rows["pages"] *= 100

    now = {"bundle": "sha256:2e", "reference": "sha256:other"}
    traffic = Traffic(replicas=(Replica(now=now),), less={"replica-1": 0.6}, change=other_unit)
    with LogTable.read([write_log(traffic, tmp_path / "alone.jsonl")]) as log:
        alone = diagnose(log, PERIODS)
    assert [each.code for each in alone.findings] == ["our_side"]
    assert "only missing values" in " ".join(alone.notes)

    found = walked(traffic, tmp_path)
    told = {each.code: each.restores for each in found.findings}
    assert set(told) == {"our_side", "values_moved"}
    shares = [restores.share for restores in told.values() if restores is not None]
    assert len(shares) == len(told)
    assert sum(shares) == pytest.approx(1, abs=0.1)
    assert min(shares) > 0.2
    assert found.notes == ()


def _logs(path: Path) -> tuple[Path, Path]:
    """Write the log of the new bundle, and its replay by the old one."""
    return (
        write_log(NEW_BUNDLE, path / "log.jsonl"),
        write_replay(NEW_BUNDLE, path / "replayed.jsonl"),
    )


def _ids(log: Path) -> list[list[str]]:
    """Return the request ids of the good and of the bad period."""
    with LogTable.read([log]) as table:
        return [
            [
                name
                for part in table.observed(each.start_us, each.end_us)
                for name in part.request_ids
            ]
            for each in PERIODS
        ]


def _leave_out(replay: Path, ids: Collection[str]) -> None:
    """Take the documents with these ids out of a replay."""
    lines = replay.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if json.loads(line).get("request_id") not in ids]
    replay.write_bytes(b"".join(kept))


def test_a_replay_without_the_labelled_documents_tells_nothing_of_the_accuracy(
    tmp_path: Path,
) -> None:
    """Though nearly all others were replayed: of the confidence it tells all."""
    log, replay = _logs(tmp_path)
    labelled = {name: "letter" for of_period in _ids(log) for name in of_period[:80]}

    def effects() -> list[Restored | None]:
        with LogTable.read([log, replay]) as table:
            sides = tuple(
                collect(table.observed(each.start_us, each.end_us), each, labelled)
                for each in PERIODS
            )
            replays = [Replayed.of(table, "sha256:1f", each, labelled) for each in PERIODS]
        both = sides[0], sides[1]
        assert (by_one_bundle(both, replays)[1] is both) == (len(replays[1]) < len(sides[1]))
        return [
            replay_effect(measure, both, replays, ["replica-1"], np.random.default_rng(1))
            for measure in ("confidence", "accuracy")
        ]

    assert None not in effects()
    _leave_out(replay, labelled)
    confidence, accuracy = effects()
    assert confidence is not None
    assert accuracy is None


def test_what_a_replay_of_a_part_cannot_tell_is_noted(tmp_path: Path) -> None:
    """Another engine counts as restored where the good period lacks; a handful is no sample."""
    log, replay = _logs(tmp_path)
    good, bad = _ids(log)
    for left_out, expected in (
        (good, "the good period was not replayed"),
        (bad[20:], "20 of"),
    ):
        _leave_out(replay, set(left_out))
        with LogTable.read([log, replay]) as table:
            notes = diagnose(table, PERIODS).notes
        assert sum(note.startswith(expected) for note in notes) == 1


def test_a_replay_of_the_new_bundle_tells_nothing(tmp_path: Path) -> None:
    """It is not what the good period was answered with: a note says so."""
    found = walked(NEW_BUNDLE, tmp_path, "sha256:2e")
    assert [finding.restores for finding in found.findings] == [None]
    assert "another bundle" in " ".join(found.notes)
    assert "understudy replay" in found.findings[0].remedy


def test_the_effect_is_a_difference_of_means(tmp_path: Path) -> None:
    """With an offset in both periods, as of another engine, it is as without."""
    write_log(NEW_BUNDLE, tmp_path / "log.jsonl")
    write_replay(NEW_BUNDLE, tmp_path / "replayed.jsonl")
    with LogTable.read([tmp_path / "log.jsonl", tmp_path / "replayed.jsonl"]) as log:
        sides = [collect(log.observed(each.start_us, each.end_us), each, {}) for each in PERIODS]
        replays = [Replayed.of(log, "sha256:1f", each, {}) for each in PERIODS]
    good, bad = (side.confidence.mean() for side in sides)
    moved = [(each.again.confidence - each.recorded.confidence).mean() for each in replays]
    effects = []
    for offset in (0.0, 0.01):
        for each in replays:
            each.again.confidence[:] += offset
        effect = replay_effect(
            "confidence", sides, replays, ["replica-1"], np.random.default_rng(1)
        )
        assert effect is not None
        effects.append(effect)

    assert len(replays[1]) == len(sides[1])
    assert effects[0].share == pytest.approx((moved[1] - moved[0]) / (good - bad))
    assert effects[1].share == pytest.approx(effects[0].share)
    assert effects[1].low == pytest.approx(effects[0].low)


def test_other_replicas_stay_as_they_were(tmp_path: Path) -> None:
    """Undoing what changed nowhere restores nothing; a handful of documents tell nothing."""
    write_log(NEW_BUNDLE, tmp_path / "log.jsonl")
    write_replay(NEW_BUNDLE, tmp_path / "replayed.jsonl")
    with LogTable.read([tmp_path / "log.jsonl", tmp_path / "replayed.jsonl"]) as log:
        sides = [collect(log.observed(each.start_us, each.end_us), each, {}) for each in PERIODS]
        replays = [Replayed.of(log, "sha256:1f", each, {}) for each in PERIODS]
        short = parse_period("2026-03-04T00:00:00Z..2026-03-04T01:00:00Z", "--bad", ())
        few = Replayed.of(log, "sha256:1f", short, {})
    generator = np.random.default_rng(1)
    effect = replay_effect("confidence", sides, replays, ["another"], generator)

    assert effect is not None
    assert effect.share == 0
    assert replay_effect("confidence", sides, [replays[0], few], ["replica-1"], generator) is None

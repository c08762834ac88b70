"""What somebody sees who computes a shown score again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.moments import rfc3339
from tests.service.cli.running import exit_code
from tests.service.cli.scored import COURTS, WindowLog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guards.json_types import JsonObject


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WindowLog]:
    """Return a log of a full window, of four small ones, and of another full one."""
    path = tmp_path_factory.mktemp("scored")
    log = WindowLog(path / "log.jsonl")
    for documents in (120, 15, 12, 18, 9):
        log.flush(documents)
    log.flush(200, centre=12)
    yield log
    log.close()


def score(log: WindowLog, feature: str, *options: object, challenger: bool = False) -> int:
    """Score a feature of the log, and return the exit code."""
    reference = log.reference_file(log.challenger if challenger else log.champion)
    return exit_code("score", feature, log.path, reference, *options)


@pytest.mark.parametrize(
    ("feature", "challenger"),
    [
        ("court", False),
        ("pages", False),
        ("salary", False),
        ("text.tokens (column)", False),
        ("champion.label", False),
        ("champion.confidence", False),
        ("docs/2.champion.confidence", False),
        ("docs/2.confidence", True),
        ("docs/2.label", True),
    ],
)
def test_a_shown_score_is_found_again(
    log: WindowLog, feature: str, capsys: pytest.CaptureFixture[str], *, challenger: bool
) -> None:
    """Exit 0: every number of the line is computed from its counts again."""
    assert score(log, feature, challenger=challenger) == 0

    printed = capsys.readouterr().out
    shown = log.windows[-1].scores[feature]
    assert f"{feature}: 200 documents against 2000 rows" in printed
    assert f"{shown.metric}  " in printed
    assert f"{shown.value:.4g}" in printed
    assert "all numbers are as shown" in printed
    assert "differs" not in printed


def test_the_work_can_be_followed(log: WindowLog, capsys: pytest.CaptureFixture[str]) -> None:
    """From the printed counts of a category's cells to the term, the sum and its root."""
    assert score(log, "court", "--show-work") == 0

    printed, _, formulas = capsys.readouterr().out.partition("one side")
    (line,) = (line for line in printed.splitlines() if line.startswith("SDNY"))
    _, rows, p, documents, q, term, _ = line.split()
    court = log.champion.features["court"]
    assert int(rows) == court.counts[1]
    assert int(documents) == log.windows[-1].counts["features"]["court"]["counts"][1]
    assert float(p) == pytest.approx(int(rows) / 2_000, abs=1e-6)
    assert float(q) == pytest.approx(int(documents) / 200, abs=1e-6)
    (total,) = (line for line in printed.splitlines() if line.startswith("sum"))
    assert 0 < float(term) < float(total.split()[3])
    assert f"√{total.split()[3]}, the root of the sum" in formulas
    assert "s = 1/2000 + 1/200" in formulas
    assert "js term = ½ (p log₂(p/m) + q log₂(q/m))" in printed


def test_the_work_of_a_number_has_both_distributions(
    log: WindowLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """The row with the largest gap is the value, and the areas add up to Wasserstein's."""
    assert score(log, "pages", "--show-work") == 0

    printed, _, formulas = capsys.readouterr().out.partition("one side")
    table = [line.split() for line in printed.splitlines() if line.startswith("below")]
    gaps = [float(row[4]) for row in table if len(row) > 6]
    assert max(gaps) == pytest.approx(log.windows[-1].scores["pages"].value, abs=1e-4)
    areas = [float(row[6]) for row in table if len(row) > 6]
    wasserstein = log.windows[-1].scores["pages"].also["wasserstein_sd"][0]
    assert sum(areas) == pytest.approx(wasserstein, abs=1e-3)
    assert "1.358 √s" in formulas


def test_the_work_of_an_e_value_has_every_division(
    log: WindowLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each category, and missing and unknown values, beside what they add to the mean."""
    assert score(log, "court", "--show-work") == 0

    printed = capsys.readouterr().out
    lines = printed[printed.index("one side") :].splitlines()
    divisions = [line.split() for line in lines[1:6]]
    assert [name for name, *_ in divisions] == [*COURTS, "missing", "unknown"]
    ratios, logarithms = zip(*(division[-2:] for division in divisions), strict=True)
    mean = np.exp([float(each) for each in logarithms]).sum() / sum(map(int, ratios))
    assert mean == pytest.approx(log.windows[-1].scores["court"].e_value, rel=1e-3)
    assert f"the mean of {sum(map(int, ratios))} ratios" in printed


def test_windows_that_were_scored_together_are_added(
    log: WindowLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """The moment of the fourth small window picks it, with the three before it."""
    at = rfc3339(log.windows[4].end)

    assert score(log, "court", "--at", at) == 0

    printed = capsys.readouterr().out
    since = rfc3339(log.windows[1].start)
    assert log.windows[4].scores["court"].since == since
    assert "court: 54 documents against" in printed
    assert f"4 windows scored together, {since} to {at}" in printed


def test_a_moment_may_be_in_another_time_zone(
    log: WindowLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in tables of labels: with an offset, or without one in UTC."""
    moment = log.windows[0].start
    for text in (moment.strftime("%Y-%m-%d %H:%M:%S.%f"), moment.isoformat()):
        assert score(log, "court", "--at", text) == 0
        assert "120 documents" in capsys.readouterr().out


def test_a_bundle_is_its_reference(
    log: WindowLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever is on call names the directory that serves."""
    (tmp_path / "reference.json").write_text(json.dumps(log.champion.to_json()))

    assert exit_code("score", "court", log.path, tmp_path) == 0
    assert "all numbers are as shown" in capsys.readouterr().out


def test_a_number_that_is_not_the_computed_one_is_1(
    log: WindowLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line and its counts contradict each other, and it is said where."""
    (line,) = (line for line in log.lines() if line["window"]["documents"] == 15)
    line["scores"]["court"]["value"] += 1e-3
    line["scores"]["court"]["also"]["psi"][0] *= 2
    line["scores"]["court"]["e_value"] *= 1.001
    line["scores"]["court"]["enough_data"] ^= True
    changed = tmp_path / "changed.jsonl"
    changed.write_text(json.dumps(line) + "\n")

    assert exit_code("score", "court", changed, log.reference_file(log.champion)) == 1

    printed = capsys.readouterr().out
    assert "not as shown: 'js', 'psi', 'e_value', 'enough_data'" in printed
    assert printed.count("differs") == 4


def test_what_is_held_back_of_a_private_column_is_said(
    log: WindowLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log has its counts once they are of 20 documents, and no value is ever printed."""
    at = rfc3339(log.windows[3].end)

    assert score(log, "salary", "--at", at, "--show-work") == 1

    printed = capsys.readouterr().out
    assert "the score is of 45 documents, and the log has the counts of 27" in printed
    assert "not compared" in printed
    (edge, *_) = log.champion.features["salary"].to_json()["edges"]
    assert f"{edge:.4g}" not in printed
    assert "cell 5" in printed

    assert score(log, "salary", "--at", rfc3339(log.windows[1].end)) == 2
    assert "come once they are of 20 documents" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("feature", "options", "words"),
    [
        ("cuort", [], "no score of 'cuort'; did you mean 'court'?"),
        ("zzz", [], "it has "),
        (
            "court",
            ["--at", "2020-01-01"],
            "no whole window that covers 2020-01-01T00:00:00.000000Z",
        ),
        ("court", ["--at", "noon"], "--at: 'noon' is no ISO 8601 time"),
    ],
)
def test_a_score_that_is_not_there_is_a_wrong_call(
    log: WindowLog,
    feature: str,
    options: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One clear line, and exit 2."""
    assert score(log, feature, *options) == 2

    printed = capsys.readouterr()
    assert printed.out == ""
    assert words in printed.err


def test_another_reference_is_a_wrong_call(
    log: WindowLog, capsys: pytest.CaptureFixture[str]
) -> None:
    """The champion's for a challenger's own answers, or that of another bundle."""
    assert score(log, "docs/2.confidence") == 2
    told = capsys.readouterr().err
    assert log.champion.fingerprint in told
    assert log.challenger.fingerprint in told
    assert "the challenger's own for its own answers" in told

    assert score(log, "court", challenger=True) == 2
    assert "name the bundle that was champion" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words"),
    [("{}", "schema is missing"), ("court,pages", "is no reference"), (None, "cannot be read")],
)
def test_a_reference_that_is_none_is_a_wrong_call(
    log: WindowLog,
    tmp_path: Path,
    content: str | None,
    words: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The error says which file, and what is expected."""
    if content is not None:
        (tmp_path / "reference.json").write_text(content)

    assert exit_code("score", "court", log.path, tmp_path) == 2

    told = capsys.readouterr().err
    assert words in told
    assert "name a bundle or its reference.json" in told


def test_a_log_without_what_was_scored_is_a_wrong_call(
    log: WindowLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A part, a window before, or all windows are missing: each is said."""
    part = tmp_path / "log.jsonl"
    lines = log.lines()
    small = [line for line in lines if line["window"]["documents"] < 20]
    reference = log.reference_file(log.champion)

    def told(kept: list[JsonObject]) -> str:
        part.write_text("".join(json.dumps(line) + "\n" for line in kept))
        assert exit_code("score", "court", part, reference) == 2
        return capsys.readouterr().err

    assert "is of windows since" in told(small[-1:])
    assert "a line is missing" in told([small[0], *small[2:]])
    assert "holds no whole window" in told([])
    halves = WindowLog(tmp_path / "halves.jsonl", max_bytes=4_000)
    halves.flush(60)
    halves.close()
    assert "1 window of it lack" in told(halves.lines()[1:])


def test_two_runs_at_one_moment_are_told_apart_by_whoever_asks(
    log: WindowLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing says which of two replicas is meant."""
    both = tmp_path / "both.jsonl"
    lines = log.lines()
    others = [{**line, "run": "run-2", "replica": "there"} for line in lines]
    both.write_text("".join(json.dumps(line) + "\n" for line in [*lines, *others]))
    at = rfc3339(log.windows[0].start)

    assert exit_code("score", "court", both, log.reference_file(log.champion), "--at", at) == 2

    assert "windows of 2 runs cover that moment (replicas 'here', 'there')" in (
        capsys.readouterr().err
    )

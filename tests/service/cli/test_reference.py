"""What somebody sees who runs ``understudy reference``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from artifacts.bundle.opening import open_bundle
from guards.bundle.layout import REFERENCE
from guards.drift.features import input_names
from service.observation.windows import Windows
from tests.faults.resealing import reseal
from tests.good_weeks import Weeks, write_windows
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "verify.schema.json").read_bytes())
GOOD = ("--good", "2026-03-02..2026-03-16")


@pytest.fixture(scope="module")
def log(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the log of two weeks in which the share of a court swings by ten points a day."""
    reference = open_bundle(champion).reference
    usual = np.array(reference.features["court"].cell_counts) / reference.documents
    largest = usual.argmax()

    def shares(_segment: str | None, hours: float) -> dict[str, NDArray[np.float64]]:
        share = usual[largest] + 0.1 * np.sin(2 * np.pi * hours / 24)
        court = usual * (1 - share) / (1 - usual[largest])
        court[largest] = share
        return {"court": court}

    weeks = Weeks(reference, shares, minutes=120, documents={None: 50, "emea": 150})
    return write_windows(tmp_path_factory.mktemp("logs") / "log.jsonl", weeks.windows(14))


def test_a_taught_bundle_is_verified_and_served(
    champion: Path, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says what it has learnt, verify says from when, and alarms watch what was taught."""
    out = tmp_path / "docs" / "taught"

    assert exit_code("reference", champion, log, *GOOD, "--out", out) == 0

    said = capsys.readouterr()
    lines = said.out.splitlines()
    assert lines[0] == (
        "learnt from 2.0 weeks: 33,600 documents in 168 windows, 2026-03-02T00:00:00.000000Z to "
        "2026-03-16T00:00:00.000000Z"
    )
    assert lines[1].startswith("largest cycles over the week: court ±")
    assert 9 < float(lines[1].partition("±")[2].partition(" ")[0]) < 11
    assert lines[3] == "segments: 'emea'"
    assert f"sealed {out}  sha256:" in said.err
    assert exit_code("verify", out, "--json") == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    Draft202012Validator(SCHEMA).validate(document)
    assert document["bundles"][0]["taught"] == {
        "from": "2026-03-02T00:00:00.000000Z",
        "to": "2026-03-16T00:00:00.000000Z",
        "documents": 33_600,
        "segments": ["emea"],
    }
    assert "reference: has learnt from 33,600 documents" in printed.err
    bundle = open_bundle(out)
    schema = bundle.preprocessing.schema
    alarms = Windows(bundle.reference, input_names(schema)).alarms(1)
    assert alarms.segments.segments == ["emea"]
    watched = len(input_names(schema)) + 5
    assert alarms.series == 2 * watched + 6


def test_json_is_one_document(
    champion: Path, log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has what the lines say, by feature, and nothing else is printed there."""
    out = tmp_path / "docs" / "taught"
    later = ("--good", "2026-03-01..2026-03-15T22:00Z")

    assert exit_code("reference", champion, log, *later, "--out", out, "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert document["fingerprint"] == open_bundle(out).identity.fingerprint
    assert document["windows"] == 167
    assert document["notes"] == ["left out: 1 windows outside of the period"]
    assert document["features"]["court"]["cycle_points"] == pytest.approx(10, abs=1)
    assert document["features"]["pages"]["cycle_points"] < 4


@pytest.mark.parametrize(
    ("good", "sentence"),
    [
        ("2026-03-02", "expected FROM..TO, as 2026-03-02..2026-03-30, found '2026-03-02'"),
        ("2026-03-02..soon", "expected a date or a moment, as 2026-03-02 or .*, found 'soon'"),
        ("2026-03-16..2026-03-02", "--good: FROM is after TO"),
        ("2026-03-02..2026-03-09", "is 7 days; give at least two weeks"),
    ],
)
def test_a_period_that_is_none_is_refused(
    champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str, sentence: str
) -> None:
    """Nothing is read before the period is known."""
    out = tmp_path / "docs" / "taught"

    assert exit_code("reference", champion, "no log", "--good", good, "--out", out) == 2

    assert sentence.partition(".*")[0] in capsys.readouterr().err
    assert not out.exists()


def test_a_destination_that_exists_is_refused(
    champion: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bundle is never changed."""
    assert exit_code("reference", champion, "no log", *GOOD, "--out", champion) == 2

    assert "exists already; give a new version" in capsys.readouterr().err


def test_an_earlier_reference_is_refused(
    champion: Path,
    copied: Callable[[Path], Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Windows of its time have not what is learnt from."""
    bundle = copied(champion)
    data = json.loads((bundle / REFERENCE).read_bytes())
    data["schema"] = 1
    for feature in data["features"].values():
        del feature["confidence"], feature["correct"]
    for name in ("text.token", "columns.coerced", "columns.out_of_range", "answer.boundary"):
        del data["features"][name]
    reseal(bundle, {REFERENCE: json.dumps(data).encode()})

    assert exit_code("reference", bundle, "no log", *GOOD, "--out", tmp_path / "docs" / "3") == 2

    assert "its reference has an earlier format; seal the bundle again" in capsys.readouterr().err

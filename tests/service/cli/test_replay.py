"""``understudy replay``: recorded documents are answered again."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from artifacts.demo.documents import good_day
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from service.settings import Capture, Settings
from tests.bundles import ROLES
from tests.service.cli.running import exit_code
from tests.service.http.endpoint import running

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from artifacts.bundle.sealed_columns import SealedColumns
    from artifacts.tables import Table
    from guards.json_types import JsonObject

DOCUMENTS = good_day(60, seed=5).documents
COLUMNS = ("pages", "amount", "court", "sender")


@dataclass(frozen=True)
class RefitColumns:
    """Columns whose scaler was fitted on other numbers, behind the back of the guard."""

    columns: SealedColumns

    def transform(self, *inputs: Any) -> NDArray[np.float64]:  # noqa: ANN401 (passed on)
        """Scale otherwise."""
        return -30 * self.columns.transform(*inputs)


def serve(champion: Path, log: Path, *, capture: Capture = "all", refit: bool = False) -> str:
    """Answer the documents by a service, and return its run."""
    settings = Settings(
        champion=str(champion), log_file=log, replica="here", capture=capture, engine="torch"
    )
    with running(settings) as endpoint:
        if refit:
            assert endpoint.runtime.champion is not None
            path = endpoint.runtime.champion.classification
            columns = RefitColumns(path.champion.preprocessing.columns)  # type: ignore[arg-type]
            refitted = replace(path.champion.preprocessing, columns=columns)  # type: ignore[arg-type]
            path.champion = replace(path.champion, preprocessing=refitted)
        endpoint.classify(*DOCUMENTS).raise_for_status()
        return endpoint.runtime.run


def lines(path: Path, event: str = "request.observed") -> list[JsonObject]:
    """Return the lines of an event in a log."""
    read = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [line for line in read if line["event"] == event]


@pytest.fixture(scope="module")
def captured(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the log of a service that captured its documents."""
    log = tmp_path_factory.mktemp("captured") / "log.jsonl"
    serve(champion, log)
    return log


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Write the documents as a table."""
    path = tmp_path / "documents.csv"
    rows = [
        {"request_id": each["request_id"], "text": each["text"], **each["features"]}
        for each in DOCUMENTS
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["request_id", "text", *COLUMNS])
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_the_same_bundle_answers_as_the_service_did(
    captured: Path, champion: Path, tmp_path: Path
) -> None:
    """The same label, confidence, cells and moment on each line, and no text."""
    out = tmp_path / "replayed.jsonl"
    assert exit_code("replay", captured, "--bundle", champion, "-o", out) == 0

    by_id = {line["request_id"]: line for line in lines(out)}
    recorded = lines(captured)
    assert by_id.keys() == {line["request_id"] for line in recorded}
    for line in recorded:
        again = by_id[line["request_id"]]
        for name in ("observed_at", "segment", "reference", "cells", "tokens", "truncated"):
            assert again[name] == line[name], name
        for name in ("unknown", "missing", "coerced", "out_of_range"):
            assert again[name] == line[name], name
        assert again["champion"]["label"] == line["champion"]["label"]
        close = pytest.approx(line["champion"]["confidence"], abs=1e-5)
        assert again["champion"]["confidence"] == close
        assert "document" not in again
    assert lines(out, "drift.reference")[0]["features"] == [
        feature for line in lines(captured, "drift.reference") for feature in line["features"]
    ]


def test_a_table_is_compared_by_two_bundles(
    table: Path,
    champion: Path,
    challenger: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """And ``compare`` reads what was written."""
    out = tmp_path / "replayed.jsonl"
    bundles = ("--bundle", champion, "--bundle", challenger)
    assert exit_code("replay", table, *bundles, "-o", out) == 0
    assert f"{len(DOCUMENTS)} documents answered by docs/1 and docs/2" in capsys.readouterr().out
    exit_code("compare", out, "--json")

    (compared,) = json.loads(capsys.readouterr().out)["challengers"]
    assert (compared["name"], compared["version"]) == ("docs", "2")
    assert compared["observations"] == len(DOCUMENTS)


def test_documents_come_from_a_table_where_none_were_captured(
    table: Path, champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the table lacks is counted; without it there is nothing to replay."""
    log, out = tmp_path / "log.jsonl", tmp_path / "replayed.jsonl"
    serve(champion, log, capture="none")
    assert exit_code("replay", log, "--bundle", champion, "-o", out) == 2
    error = capsys.readouterr().err
    assert "CAPTURE" in error
    assert "--documents" in error
    assert not out.exists()
    rows = table.read_text(encoding="utf-8").splitlines(keepends=True)
    table.write_text("".join(rows[:-1]), encoding="utf-8")
    again = ("replay", log, "--documents", table, "--bundle", champion, "-o", out, "--json")
    assert exit_code(*again) == 0
    printed = json.loads(capsys.readouterr().out)
    assert (printed["answered"], printed["without_document"]) == (len(DOCUMENTS) - 1, 1)
    assert exit_code(*again) == 0
    assert json.loads(capsys.readouterr().out)["answered_before"] == len(DOCUMENTS) - 1
    # Part of the documents, into a log that has more: nothing is left to do.
    table.write_text("".join(rows[:10]), encoding="utf-8")
    assert exit_code("replay", table, "--bundle", champion, "-o", out, "--json") == 0
    assert json.loads(capsys.readouterr().out)["answered"] == len(DOCUMENTS) - 1


def test_a_scaler_that_bypasses_the_guard_is_found(
    captured: Path, champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The log tells of no change; the replay of it through the sealed bundle does."""
    log, out = tmp_path / "log.jsonl", tmp_path / "replayed.jsonl"
    good = lines(captured)[0]["run"]
    bad = serve(champion, log, refit=True)
    # Requests have ids of their own; the same documents were sent here.
    text = log.read_text(encoding="utf-8").replace('"request_id":"good-', '"request_id":"bad-')
    log.write_text(text, encoding="utf-8")
    assert exit_code("replay", captured, log, "--bundle", champion, "-o", out) == 0
    capsys.readouterr()
    code = exit_code("diagnose", captured, log, out, "--good", good, "--bad", bad, "--json")
    first, *_ = json.loads(capsys.readouterr().out)["findings"]

    assert code == 0
    assert first["code"] == "served_otherwise"
    assert first["restores"]["share"] == pytest.approx(1, abs=0.05)


def test_private_columns_come_from_a_table(
    captured: Path,
    table: Path,
    small_table: Table,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No log has them, and without them the answers would be others."""
    bundle, out = tmp_path / "docs" / "3", tmp_path / "replayed.jsonl"
    roles = replace(ROLES, private=("amount",))
    train(small_table, roles, bundle, TrainingOptions(epochs=1, max_length=64, accelerate=False))
    assert exit_code("replay", captured, "--bundle", bundle, "-o", out) == 2
    assert "private columns" in capsys.readouterr().err
    arguments = ("replay", captured, "--documents", table, "--bundle", bundle, "-o", out)
    assert exit_code(*arguments) == 0
    assert len(lines(out)) == len(DOCUMENTS)
    assert all("amount" not in line["missing"] for line in lines(out))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("request_id,text,pages,amount,court,sender,observed_at\na,b,1,2,c,d,soon\n", "row 1"),
        ("request_id,text\na,b\n", "pages"),
        ("", "is empty"),
    ],
)
def test_a_table_that_cannot_be_replayed_is_one_line(
    champion: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: str,
    expected: str,
) -> None:
    """It says what is wrong, and nothing is written."""
    table, out = tmp_path / "documents.csv", tmp_path / "replayed.jsonl"
    table.write_text(content, encoding="utf-8")
    assert exit_code("replay", table, "--bundle", champion, "-o", out) == 2
    error = capsys.readouterr().err
    assert expected in error
    assert "Traceback" not in error
    assert not out.exists()


def test_a_table_stands_by_itself(
    captured: Path, table: Path, champion: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside a log it would be another period: --documents joins it."""
    out = tmp_path / "replayed.jsonl"
    assert exit_code("replay", captured, table, "--bundle", champion, "-o", out) == 2
    assert "--documents" in capsys.readouterr().err

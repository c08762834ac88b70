"""From drift to the next champion: each step takes what the one before it left."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import chdir
from typing import TYPE_CHECKING

import pandas as pd

from artifacts.bundle.opening import open_bundle
from artifacts.tables import ColumnRoles, as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from service.settings import read_settings
from tests.service.cli.answered_days import FRENCH, KNOWN, drawn, write_day
from tests.service.cli.running import exit_code
from tests.service.http.endpoint import running

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

ROLES = ColumnRoles(text=("text",), label="label", numeric=("pages",), categorical=("unit",))
LITTLE = ("--epochs", 1, "--max-length", 16, "--no-accelerate")


def test_drift_becomes_the_next_champion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Drift is diagnosed, its documents are labelled, trained on and compared, and then served."""
    sealed = tmp_path / "artifacts" / "store" / "docs"
    options = TrainingOptions(epochs=1, max_length=16, accelerate=False)
    train(as_table(drawn(KNOWN, 200, 1), ROLES, "known"), ROLES, sealed / "1", options)
    champion = open_bundle(sealed / "1")
    logs = [tmp_path / f"{day}.jsonl" for day in range(4)]
    write_day(logs[0], 0, drawn(KNOWN, 96, 2), [champion])
    labels = [write_day(logs[day], day, drawn(FRENCH, 96, 2 + day), [champion]) for day in (1, 2)]
    pd.concat(labels).to_csv(tmp_path / "labels.csv", index=False)

    periods = ("--good", "2026-03-02..2026-03-03", "--bad", "2026-03-03..2026-03-05")
    assert exit_code("diagnose", *logs[:3], *periods, "--fail-on", "finding", "--json") == 1
    (finding, *_) = json.loads(capsys.readouterr().out)["findings"]
    # Words of another language fall into more tokens.
    assert (finding["code"], finding["subject"]) == ("longer_texts", "text.tokens")

    exported = ("--labels", tmp_path / "labels.csv", "-o", tmp_path / "fresh.csv")
    assert exit_code("export-training", *logs[:3], *exported) == 0
    command = shlex.split(capsys.readouterr().out.splitlines()[-1])
    with chdir(tmp_path):
        assert exit_code(*command[1:], *LITTLE) == 0
    challenger = open_bundle(sealed / "2")
    assert challenger.preprocessing.schema.columns == ("pages", "unit")

    later = write_day(logs[3], 3, drawn(FRENCH, 96, 9), [champion, challenger])
    later.to_csv(tmp_path / "later.csv", index=False)
    capsys.readouterr()
    assert exit_code("compare", logs[3], "--labels", tmp_path / "later.csv", "--json") == 0
    assert json.loads(capsys.readouterr().out)["verdict"]["decision"] == "promote"

    roles = tmp_path / "artifacts" / "store" / "roles.json"
    roles.write_text(json.dumps({"champion": "docs/2", "challengers": ["docs/1"]}))
    assert exit_code("verify", sealed / "2") == 0
    settings = read_settings(
        {
            "UNDERSTUDY_ROLES_FILE": os.fspath(roles),
            "UNDERSTUDY_LOG_FILE": os.fspath(tmp_path / "served.jsonl"),
            "UNDERSTUDY_SHADOW_SAMPLE": "0",
        }
    )
    with running(settings) as endpoint:
        prediction = endpoint.answer("facture montant solde devis", pages=3, unit="lyon")
    assert prediction["model"]["version"] == "2"
    assert prediction["label"] == "invoice"

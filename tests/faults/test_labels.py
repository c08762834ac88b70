"""A challenger that can never agree with the champion, because it knows other labels."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from artifacts.demo.documents import champion_training
from artifacts.tables import as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from guards.text import listed
from service.exit_codes import ExitCode
from service.lifecycle.preflight import check_bundles, refusals
from service.lifecycle.roles import judge_roles
from service.settings import Settings
from tests.bundles import ROLES
from tests.serving.server import read_log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOTE = "labels that only the champion knows: 'memo'; that only the challenger knows: 'note'"


def train_labelled(destination: Path, rename: Callable[[str], str]) -> Path:
    """Train a small bundle on demo documents whose labels have other names."""
    frame = champion_training(240, 3)
    table = as_table(frame.assign(label=frame["label"].map(rename)), ROLES, "demo documents")
    train(table, ROLES, destination, TrainingOptions(epochs=1, max_length=64, accelerate=False))
    return destination


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle without a label of the champion's."""
    directory = tmp_path_factory.mktemp("strange") / "docs" / "3"
    return train_labelled(directory, lambda label: f"{label}/v2")


@pytest.fixture(scope="module")
def related(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle that calls one of the champion's labels otherwise."""
    directory = tmp_path_factory.mktemp("rela\x1bted") / "docs" / "4"
    return train_labelled(directory, lambda label: "note" if label == "memo" else label)


def test_other_labels_keep_the_port_closed(
    champion: Path, strange: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The check before the start returns 78, and says which labels each of the two knows."""
    log = tmp_path / "log.jsonl"
    settings = Settings(champion=str(champion), challengers=(str(strange),), log_file=log)
    assert check_bundles(settings) == ExitCode.GUARD_REFUSED
    (refusal,) = read_log(log)
    assert (refusal["event"], refusal["role"]) == ("guard.refused", "challenger")
    assert refusal["bundle"] == str(strange)
    (finding,) = refusal["findings"]
    assert (finding["code"], finding["subject"]) == ("labels_disjoint", "labels")
    assert finding["expected"] == listed(open_bundle(champion).labels)
    assert finding["observed"] == listed(open_bundle(strange).labels)
    complaint = capfd.readouterr().err
    assert f"understudy: challenger refused {strange}\nlabels_disjoint: labels\n" in complaint


def test_labels_that_only_one_knows_are_named(
    champion: Path, challenger: Path, related: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with the bundle; a challenger with the same labels needs no note."""
    challengers = (str(challenger), str(related))
    assert (
        list(refusals(judge_roles(Settings(champion=str(champion), challengers=challengers)))) == []
    )
    shown = str(related).replace("\x1b", "\\x1b")
    assert capsys.readouterr().err == f"understudy: challenger {shown}: {NOTE}\n"


def test_without_a_champion_there_is_nothing_to_compare_labels_with(
    challenger: Path, strange: Path, copied: Callable[[Path], Path]
) -> None:
    """A champion that is refused is told, and no challenger is judged beside another."""
    damaged = copied(challenger)
    shutil.rmtree(damaged)
    settings = Settings(champion=str(damaged), challengers=(str(challenger), str(strange)))
    assert [role for role, _ in refusals(judge_roles(settings))] == ["champion"]

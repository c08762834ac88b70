"""A challenger that wins on validation and feels less confident: seen before anybody labels.

Its fresh training table taught it new kinds of documents, and its labellers disagreed about letters
that look like contracts. Validation is rich in the new kinds; live traffic is full of such letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from scipy.stats import binom, binomtest
from sklearn.metrics import f1_score

from guards.comparison.comparison import compare_logs
from guards.events.log_table import LogTable
from guards.evidence.criteria import Policy
from guards.evidence.labels import KnownLabels, TrueLabel
from guards.sequential.e_process import log_e_more_wins
from tests.guards.comparison.logs import Seen, write_log

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from guards.evidence.verdict import Verdict


class _Document(NamedTuple):
    truth: str
    champion: str
    challenger: str
    confidence: tuple[float, float]


def _documents(count: int, *, new: float, letters: float, seed: int) -> list[_Document]:
    """Return documents of which shares are of new kinds, and letters like contracts."""
    generator = np.random.default_rng(seed)
    documents = []
    for kind in generator.choice(3, size=count, p=[1 - new - letters, new, letters]):
        sure, unsure = generator.uniform(0.9, 0.98), generator.uniform(0.52, 0.68)
        if kind == 0:
            truth = ("contract", "invoice", "letter")[generator.integers(3)]
            documents.append(_Document(truth, truth, truth, (sure, sure)))
        elif kind == 1:
            documents.append(_Document("invoice", "letter", "invoice", (unsure, sure)))
        else:
            answer = "letter" if generator.random() < 0.4 else "contract"
            documents.append(_Document("contract", "contract", answer, (sure, unsure)))
    return documents


def _f1(documents: Sequence[_Document], variant: str) -> float:
    truths = [document.truth for document in documents]
    answers = [getattr(document, variant) for document in documents]
    return float(f1_score(truths, answers, average="macro"))


def _verdict(path: Path, documents: Sequence[_Document], labelled: int) -> Verdict:
    log = write_log(
        path,
        [
            Seen(f"r-{number}", document.champion, document.challenger, document.confidence, number)
            for number, document in enumerate(documents)
        ],
    )
    labels = [
        TrueLabel(f"r-{n}", document.truth) for n, document in enumerate(documents[:labelled])
    ]
    with LogTable.read([log]) as table:
        known = KnownLabels(labels)
        return compare_logs(table, known, Policy(), ripe_s=0.0).challengers[0].verdict


@pytest.fixture
def live() -> list[_Document]:
    """Return a day of traffic."""
    return _documents(600, new=0.02, letters=0.4, seed=5)


def test_it_wins_on_validation() -> None:
    """Whoever looks at F1 alone deploys it."""
    validation = _documents(400, new=0.4, letters=0.05, seed=4)

    assert _f1(validation, "challenger") > _f1(validation, "champion") + 0.1


def test_the_log_alone_calls_it_out(tmp_path: Path, live: list[_Document]) -> None:
    """Without a label: it is less confident, surely, and nothing says that it is better."""
    verdict = _verdict(tmp_path / "log.jsonl", live, labelled=0)

    assert verdict.decision == "undecided"
    (reason,) = (reason for reason in verdict.because if "confident" in reason)
    assert "less confident by 0.1" in reason


def test_it_is_called_out_within_the_first_hundred_documents(
    tmp_path: Path, live: list[_Document]
) -> None:
    """The quiet drop needs no week."""
    verdict = _verdict(tmp_path / "log.jsonl", live[:100], labelled=0)

    assert any("less confident" in reason for reason in verdict.because)


def test_a_stack_of_labels_settles_it(tmp_path: Path, live: list[_Document]) -> None:
    """Labels of the live documents show what validation did not."""
    verdict = _verdict(tmp_path / "log.jsonl", live, labelled=200)

    assert verdict.decision == "keep"


def test_labels_as_they_arrive_settle_it_before_a_planned_test_would(tmp_path: Path) -> None:
    """Averaged over orders, looking at every label needs no more of them than a fixed number."""
    week = _documents(1500, new=0.06, letters=0.25, seed=7)
    gains = np.array([_gain(document) for document in week])
    planned = _planned(float(np.mean(gains > 0)), float(np.mean(gains < 0)))
    orders = np.random.default_rng(8).permuted(np.tile(np.arange(1500), (300, 1)), axis=1)

    stops = np.array([_stop(gains[order]) for order in orders])

    assert stops.mean() <= planned
    arrived, stop = [week[row] for row in orders[0]], int(stops[0])
    decisions = [
        _verdict(tmp_path / "log.jsonl", arrived, count).decision for count in (stop - 1, stop)
    ]
    assert decisions == ["undecided", "keep"]


def _gain(document: _Document) -> int:
    truth = document.truth
    return (document.challenger == truth) - (document.champion == truth)


def _stop(gains: NDArray[np.int64]) -> int:
    """Return after how many labels harm is shown; all of them where it is not."""
    won, lost = np.cumsum(gains > 0), np.cumsum(gains < 0)
    shown = log_e_more_wins(lost, won) >= np.log(20)
    return int(shown.argmax()) + 1 if shown.any() else len(gains)


def _planned(win: float, loss: float) -> int:
    """Return the documents for which McNemar's exact test at .05 has a power of .8."""
    for documents in range(20, 1500, 4):
        discordant = round(documents * (win + loss))
        critical = int(binom.isf(0.025, discordant, 0.5)) + 1
        if binom.sf(critical - 1, discordant, loss / (win + loss)) >= 0.8:
            assert binomtest(critical, discordant).pvalue <= 0.05
            return documents
    raise AssertionError

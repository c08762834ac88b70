"""A score that was computed again, as text for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.drift.by_hand.score import shown_numbers
from guards.drift.by_hand.steps import number
from guards.moments import rfc3339
from guards.text import aligned, counted, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guards.drift.by_hand.score import HandScore
    from guards.events.scored_window import ScoredWindow

__all__ = ["is_confirmed", "score_lines", "work_lines"]

_RULES = (
    "p = rows / all rows, q = documents / all documents, m = ½ (p + q)",
    "js term = ½ (p log₂(p/m) + q log₂(q/m)); where p or q is 0 its part is 0, nothing is added",
    "psi term = (Q - P) ln(Q/P), where P and Q are p and q with half a document more in each cell",
)
_EVIDENCE_RULES = (
    "y of N documents are in a side with r of m rows: p = (r + ½) / (m + 1), and (r + 1) / (m + 1)",
    "where only more are evidence; M = m + 1, B(u) = Beta(y + M u, N - y + M (1 - u)) /",
    "Beta(M u, M (1 - u)); a ratio is B(u₁) / B(u₀), with 2 arcsin √u of u₀ at 2 arcsin √p ± .03,",
    "and of u₁ .05, .1, .2, .4 and .8 beyond that; those outside of 0 to π are left out",
)
_CUMULATIVE_RULES = (
    "F, G = shares of the rows and documents with a finite value, gap = |F - G|",
    "width is that of the cell that ends there, in standard deviations of the reference",
    "area = width · the mean of the gaps at both of its ends",
)


def is_confirmed(scored: ScoredWindow, by_hand: HandScore) -> bool:
    """Return whether all numbers that are shown were found again."""
    return not scored.held_back and not _differing(scored, by_hand)


def score_lines(feature: str, scored: ScoredWindow, by_hand: HandScore) -> Iterator[str]:
    """Yield the lines that show each number beside what it was computed to be."""
    windows = "1 window" if scored.windows == 1 else f"{scored.windows} windows scored together"
    rows = sum(cell.rows for cell in by_hand.cells)
    yield f"{feature}: {counted(scored.documents, 'document')} against {counted(rows, 'row')}"
    yield (
        f"{windows}, {rfc3339(scored.start)} to {rfc3339(scored.end)}, of replica {scored.replica}"
    )
    table = [("", "shown", "by hand", "")]
    for name, value in shown_numbers(scored.score):
        step = by_hand.steps.get(name)
        verdict = "equal" if by_hand.agrees(name, value) else "differs"
        if scored.held_back:
            verdict = "not compared"
        found = None if step is None else step.value
        table.append((name, _shown(value), _shown(found), verdict))
    yield from aligned(table)
    yield _verdict(scored, _differing(scored, by_hand))


def work_lines(by_hand: HandScore) -> Iterator[str]:
    """Yield the tables of cells and terms, and the formula of each number."""
    yield ""
    yield from aligned(list(_cell_table(by_hand)))
    if by_hand.divergence:
        yield from _RULES
    if by_hand.cumulative:
        yield ""
        yield from aligned(list(_cumulative_table(by_hand)))
        yield from _CUMULATIVE_RULES
    yield ""
    yield from aligned(list(_division_table(by_hand)))
    yield from _EVIDENCE_RULES
    yield ""
    for step in by_hand.steps.values():
        yield f"{step.name} = {_shown(step.value)}"
        yield f"  {step.formula}"


def _differing(scored: ScoredWindow, by_hand: HandScore) -> list[str]:
    shown = shown_numbers(scored.score)
    return [name for name, value in shown if not by_hand.agrees(name, value)]


def _verdict(scored: ScoredWindow, differing: list[str]) -> str:
    if scored.held_back:
        return (
            f"the score is of {counted(scored.score.documents, 'document')}, and the log has the "
            f"counts of {scored.documents}: those of private columns come once they are of 20"
        )
    if differing:
        return f"not as shown: {listed(differing)}"
    return "all numbers are as shown"


def _cell_table(by_hand: HandScore) -> Iterator[tuple[str, ...]]:
    cells = by_hand.cells
    rows, documents = sum(cell.rows for cell in cells), sum(cell.documents for cell in cells)
    terms = by_hand.divergence, by_hand.stability
    titles = ("js term", "psi term") if by_hand.divergence else ()
    yield "cell", "rows", "p", "documents", "q", *titles
    for at, cell in enumerate(cells):
        yield (
            cell.name,
            str(cell.rows),
            _share(cell.rows, rows),
            str(cell.documents),
            _share(cell.documents, documents),
            *(number(each[at]) for each in terms if each),
        )
    yield "sum", str(rows), "", str(documents), "", *(number(sum(each)) for each in terms if each)


def _cumulative_table(by_hand: HandScore) -> Iterator[tuple[str, ...]]:
    yield "values", "F", "G", "gap", "width", "area"
    for row in by_hand.cumulative:
        yield (
            row.name,
            *map(number, (row.expected, row.observed, row.gap)),
            *("" if each is None else number(each) for each in (row.width, row.area)),
        )
    widest = max(row.gap for row in by_hand.cumulative)
    area = sum(row.area for row in by_hand.cumulative if row.area is not None)
    yield "largest gap, area", "", "", number(widest), "", number(area)


def _division_table(by_hand: HandScore) -> Iterator[tuple[str, ...]]:
    yield "one side", "r", "p", "y", "ratios", "ln of their sum"
    for row in by_hand.divisions:
        ratios = len(row.logarithms)
        yield (
            row.name,
            str(row.rows),
            number(row.share),
            str(row.documents),
            str(ratios),
            number(row.total) if ratios else "",
        )


def _share(count: int, total: int) -> str:
    return number(count / total) if total else ""


def _shown(value: object) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)

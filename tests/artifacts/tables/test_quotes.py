"""Quotes that may not be where they were meant are counted, with the first place."""

from __future__ import annotations

from artifacts.tables.quotes import OddQuotes


def _notes(*chunks: list[str]) -> list[str]:
    quotes, before = OddQuotes("t.csv", ";"), 0
    for chunk in chunks:
        quotes.look_at("it", chunk, "".join(chunk), before)
        before += len(chunk)
    return list(quotes.notes())


def test_rows_are_counted_over_chunks() -> None:
    """The first place is one of the whole table."""
    late, joining = _notes(["a", "b"], ["c", ' "d"', "e;\nf"], [' "g"'])

    assert late.startswith("t.csv: row 4 of 'it' and 1 more: spaces stand before a quote")
    assert joining.startswith("t.csv: row 5 of 'it': the delimiter and a line end")


def test_what_is_usual() -> None:
    """Quotes, delimiters and line ends by themselves are part of many texts."""
    assert _notes(['"a"', 'say "b"', "c;d", "e\nf", ' "g', ""]) == []

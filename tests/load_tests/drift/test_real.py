"""Which rows of a table train, are held out and are streamed."""

from __future__ import annotations

from load_tests.drift.real import by_split, by_time, deal


def test_tweets_are_split_in_the_order_of_time() -> None:
    """The last fifth is streamed, whatever the order of the file."""
    rows = [{"tweet_created": f"2015-02-{day:02}T00:00:00"} for day in (9, 1, 5, 7, 3)]

    trained, held_out, streamed = by_time(rows)

    days = [[row["tweet_created"][8:10] for row in part] for part in (trained, held_out, streamed)]
    assert days == [["01", "03", "05"], ["07"], ["09"]]


def test_reviews_keep_their_split() -> None:
    """What was meant for validation is streamed in the file's order, and nothing trains twice."""
    rows = [{"id": str(n), "split": "val" if n % 10 == 0 else "train"} for n in range(9000)]

    trained, held_out, streamed = by_split(rows)

    assert [row["id"] for row in streamed] == [str(n) for n in range(0, 9000, 10)]
    assert (len(trained), len(held_out)) == (3000, 4000)
    assert len({row["id"] for row in (*trained, *held_out)}) == 7000


def test_every_row_is_dealt_once() -> None:
    """Held-out rows are in order, streamed ones are not, and another seed deals others."""
    held_out, streamed = deal(100, 40, seed=1)

    assert held_out.tolist() == sorted(held_out.tolist())
    assert streamed.tolist() != sorted(streamed.tolist())
    assert sorted([*held_out.tolist(), *streamed.tolist()]) == list(range(100))
    assert deal(100, 40, seed=2)[0].tolist() != held_out.tolist()

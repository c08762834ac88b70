"""The synthetic documents are well formed and repeatable, and tell the story of the demo."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.pipeline import Pipeline, make_pipeline

from artifacts.demo.documents import (
    LABELS,
    Day,
    challenger_training,
    champion_training,
    fresh_validation,
    good_day,
    shadow_day,
    surge_day,
)

TABLES = (champion_training, challenger_training, fresh_validation)
DAYS = (good_day, surge_day, shadow_day)


@dataclass(frozen=True, slots=True)
class Pair:
    """Stand-ins for the two variants: TF-IDF with logistic regression."""

    champion: Pipeline
    challenger: Pipeline


@pytest.fixture(scope="module")
def pair() -> Pair:
    """Train both stand-ins, each on its own table."""
    return Pair(
        champion=_trained(champion_training(2000, seed=0)),
        challenger=_trained(challenger_training(2000, seed=0)),
    )


def _trained(table: pd.DataFrame) -> Pipeline:
    model = make_pipeline(TfidfVectorizer(min_df=3, sublinear_tf=True), LogisticRegression(C=10))
    return model.fit(table["text"], table["label"])


def _f1(model: Pipeline, table: pd.DataFrame) -> float:
    return float(f1_score(table["label"], model.predict(table["text"]), average="macro"))


def _texts(day: Day) -> list[str]:
    return [document["text"] for document in day.documents]


def _confidence(model: Pipeline, day: Day) -> float:
    return float(model.predict_proba(_texts(day)).max(axis=1).mean())


def _accuracy(model: Pipeline, day: Day) -> float:
    return float(np.mean(model.predict(_texts(day)) == day.labels["label"]))


def _features(day: Day) -> pd.DataFrame:
    return pd.DataFrame([document["features"] for document in day.documents])


@pytest.mark.parametrize("table", TABLES)
def test_same_seed_gives_the_same_table(table: Callable[[int, int], pd.DataFrame]) -> None:
    """A seed names one table, and another seed gives other texts."""
    first = table(40, 3)
    pd.testing.assert_frame_equal(first, table(40, 3))
    assert not first["text"].equals(table(40, 4)["text"])


@pytest.mark.parametrize("day", DAYS)
def test_same_seed_gives_the_same_day(day: Callable[[int, int], Day]) -> None:
    """A seed names one day of traffic, down to the request ids."""
    assert day(40, 3).documents == day(40, 3).documents


def test_no_text_is_in_two_sets() -> None:
    """What is trained on is never sent as traffic, even under one seed."""
    texts = [text for table in TABLES for text in table(300, 0)["text"]]
    texts += [text for day in DAYS for text in _texts(day(300, 0))]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("table", TABLES)
def test_tables_have_the_promised_columns(table: Callable[[int, int], pd.DataFrame]) -> None:
    """Every class occurs, pages are positive, amounts are not negative, all columns have gaps."""
    rows = table(600, 0)
    assert list(rows) == ["text", "pages", "amount", "court", "sender", "label"]
    assert set(rows["label"]) == set(LABELS)
    assert rows["pages"].min() >= 1
    assert rows["amount"].min() == 0
    assert rows[["pages", "amount", "court", "sender"]].isna().any().all()
    assert rows[["text", "label"]].notna().all().all()


def test_texts_are_whole_sentences_of_the_promised_length() -> None:
    """Texts have 30 to 120 words and no unfilled slot or leftover alternative."""
    texts = pd.concat([champion_training(1000, 0), fresh_validation(1000, 0)])["text"]
    assert all(30 <= len(text.split()) <= 120 for text in texts)
    assert not texts.str.contains(r"[\[\]{}|]|  ").any()


def test_days_are_requests_with_labels_apart() -> None:
    """Documents are plain JSON without the label, and labels join on distinct request ids."""
    day = good_day(300, 0)
    assert json.loads(json.dumps(day.documents, allow_nan=False)) == day.documents
    assert {key for document in day.documents for key in document} == {
        "request_id",
        "segment",
        "text",
        "features",
    }
    assert [document["request_id"] for document in day.documents] == list(day.labels["request_id"])
    assert day.labels["request_id"].is_unique


def test_missing_values_are_null_or_absent() -> None:
    """A number that is missing is null, a name that is missing is left out."""
    features = [document["features"] for document in good_day(300, 0).documents]
    assert any(each["amount"] is None for each in features)
    assert any("court" not in each for each in features)
    assert all(each.get("court", "") is not None for each in features)


def test_surge_day_brings_invoices_and_a_court_nobody_has_seen() -> None:
    """Invoices rise from about 20 % to about 60 %, and CDCA is in no training table."""
    good, surge = good_day(1000, 0), surge_day(1000, 0)
    assert (good.labels["label"] == "invoice").mean() == pytest.approx(0.2, abs=0.04)
    assert (surge.labels["label"] == "invoice").mean() == pytest.approx(0.6, abs=0.05)
    assert (_features(surge)["court"] == "CDCA").sum() >= 10
    known = [champion_training(1000, 0)["court"], challenger_training(1000, 0)["court"]]
    assert "CDCA" not in set(pd.concat(known)) | set(_features(good)["court"])


def test_classes_overlap_but_can_be_told_apart(pair: Pair) -> None:
    """On documents like its own, the champion is right most of the time, and not always."""
    held_out = champion_training(800, seed=1)
    accuracy = np.mean(pair.champion.predict(held_out["text"]) == held_out["label"])
    assert 0.92 <= accuracy <= 0.98


def test_challenger_is_better_on_fresh_validation(pair: Pair) -> None:
    """By validation alone, the challenger would be promoted."""
    validation = fresh_validation(800, seed=0)
    assert _f1(pair.challenger, validation) >= _f1(pair.champion, validation) + 0.03


def test_challenger_is_less_confident_on_shadow_day(pair: Pair) -> None:
    """On what the labellers disagreed about, the challenger is unsure and more often wrong."""
    day = shadow_day(500, seed=0)
    assert _confidence(pair.challenger, day) <= _confidence(pair.champion, day) - 0.05
    assert _accuracy(pair.challenger, day) < _accuracy(pair.champion, day)


@pytest.mark.parametrize("day", [good_day, surge_day])
def test_variants_are_about_as_confident_on_other_days(
    pair: Pair, day: Callable[[int, int], Day]
) -> None:
    """Nothing shows before the disputed documents come."""
    documents = day(500, 0)
    difference = _confidence(pair.challenger, documents) - _confidence(pair.champion, documents)
    assert abs(difference) <= 0.05

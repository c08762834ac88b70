"""What the page says of alarms, as its script renders a status; needs Node.js."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from guards.drift.distance import score
from guards.drift.feature_reference import CategoricalReference, NumericReference
from guards.drift.harm.gate import Harm, Severity, severity_of
from guards.drift.sketch import RowSketch
from guards.events.alarms import AlarmEvidence, DriftAlarm
from service.observation.alerts import Alerts
from service.telemetry.log import EventLog
from service.telemetry.metrics import Metrics
from tests.service.dashboard.rendering import NEEDS_NODE, rendered
from tests.service.observation.watching import reference, windows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from guards.drift.feature_reference import FeatureReference
    from guards.json_types import JsonObject

pytestmark = NEEDS_NODE

HARM = {severity_of(harm): harm for harm in Harm}
PROMISE = "at most 0.05 false alarms are expected in any 30 days"


def alarm(
    feature: str = "court", severity: Severity = Severity.PAGE, minutes_ago: int = 5
) -> DriftAlarm:
    """Return an alarm that was raised so long ago, over four minutes of documents."""
    return DriftAlarm(
        feature=feature,
        segment=None,
        severity=severity,
        harm=HARM[severity],
        evidence=AlarmEvidence(e_value=2e6, threshold=1.5e6, documents=1000, minutes=4),
        score={},
        explains=0.8,
        kind="documents of a kind never seen",
        words=f"{feature} missing 89 %, 2 % in training",
        since=datetime.now(UTC) - timedelta(minutes=minutes_ago + 4),
    )


def status(
    in_force: Sequence[DriftAlarm] = (), last_day: Sequence[DriftAlarm] = (), **changes: object
) -> JsonObject:
    """Return a status with these alarms, and its parts or those of ``alarms`` changed."""
    alarms = {
        "in_force": [each.to_json() for each in in_force],
        "last_day": [each.to_json() for each in last_day],
        "series": 41,
        "promise": PROMISE,
        "watching": changes.pop("watching", True),
        "webhook": changes.pop("webhook", None),
    }
    champion = {"name": "documents", "version": "3"}
    return {"ready": True, "champion": champion, "documents": 9, "alarms": alarms, **changes}


def test_without_an_alarm_the_page_is_green_and_says_so() -> None:
    """It is ready, has no alarm, and says what is promised of alarms."""
    shown = rendered(status())
    assert shown.title == "Ready · documents 3"
    assert "No alarm is in force. None was raised in the last day." in shown.texts("soft")
    assert shown.texts("promise") == [f"41 series watched: {PROMISE}."]


def test_the_alarms_of_a_service_are_understood(tmp_path: Path) -> None:
    """The page takes what a replica that just started says of its alarms."""
    metrics = Metrics(queue_documents=lambda: 0, lost_log_lines=dict, ready=lambda: True)
    with (tmp_path / "log").open("wb") as file:
        log = EventLog("here", "run-1", stdout=file.fileno(), path=None)
        alarms = Alerts(windows(reference(rows=100)).alarms(0), log, metrics).status()
        log.close()
    shown = rendered({**status(), "alarms": alarms})
    assert shown.title.startswith("Ready")
    assert shown.texts("promise") == [f"{alarms['series']} series watched: {alarms['promise']}."]


@pytest.mark.parametrize(
    ("severities", "word"),
    [
        ([Severity.ATTENTION, Severity.PAGE, Severity.NOTICE], "Page"),
        ([Severity.NOTICE, Severity.ATTENTION], "Attention"),
        ([Severity.NOTICE], "Notice"),
    ],
)
def test_the_worst_alarm_in_force_stands_at_the_top(
    severities: Sequence[Severity], word: str
) -> None:
    """A service with an alarm in force is not said to be ready."""
    shown = rendered(status([alarm(each, each) for each in severities]))
    assert shown.title == f"{word} · documents 3"
    assert shown.texts("state")[0] == word
    assert not shown.texts("ready")


def test_a_service_that_drains_says_so_beside_its_alarms() -> None:
    """Neither hides the other."""
    assert rendered(status([alarm()], draining=True)).title == "Draining, Page · documents 3"


def test_alarms_in_force_are_told_worst_first_in_words() -> None:
    """With severity, harm, kind, the share explained and since when."""
    worst = alarm()
    shown = rendered(status([alarm("pages", Severity.ATTENTION), worst]))
    first, second = shown.texts("force")[0], shown.texts("attention-alarm")[0]
    assert first.startswith("Page court missing 89 %, 2 % in training")
    assert first.endswith(second)
    assert shown.texts("page-alarm")[0].split("in training")[1].split(" · ") == [
        "harm shown",
        "documents of a kind never seen",
        "explains 80 % of the change of confidence",
        f"since {worst.since:%Y-%m-%d, %H:%M} UTC",
        "1,000 documents in 4 minutes",
    ]


def test_what_is_not_known_of_an_alarm_is_left_out() -> None:
    """Without a kind or a share nothing stands in their places; a segment is named."""
    shown = rendered(status([replace(alarm(), kind=None, explains=None, segment="emea")]))
    (told,) = shown.texts("page-alarm")
    assert "explains" not in told
    assert "null" not in told
    assert "in training, segment emea" in told


def test_cleared_alarms_of_the_last_hour_and_day_are_still_shown() -> None:
    """An hour is counted from when an alarm was raised, and each is in force or cleared."""
    now, recent, older = (
        alarm("court"),
        alarm("pages", Severity.ATTENTION, 58),
        alarm("kind", Severity.PAGE, 62),
    )
    shown = rendered(status([now], [older, recent, now]))
    assert shown.texts("h3") == ["Worst of the last hour", "Worst of the last day, before that"]
    hour, day = shown.texts("past")
    assert hour.index("court missing") < hour.index("pages missing")
    assert hour.count("in force") == hour.count("cleared") == 1
    assert "kind missing" in day
    assert day.endswith("cleared")


def test_an_alarm_in_force_for_days_is_not_one_of_the_last_day() -> None:
    """It stands among those in force alone."""
    shown = rendered(status([alarm(minutes_ago=25 * 60)]))
    assert shown.texts("force")
    assert not shown.texts("past")


def test_many_past_alarms_are_counted() -> None:
    """The five worst are shown, and the number of the others."""
    shown = rendered(status([], [alarm(f"f{i}", Severity.NOTICE, 90) for i in range(7)]))
    assert shown.texts("past")[0].count("missing") == 5
    assert "And 2 more: see drift.alarm in the log." in shown.texts("note")


def test_where_watching_failed_the_page_is_not_green() -> None:
    """The absence of alarms means nothing then."""
    shown = rendered(status(watching=False))
    assert shown.title.startswith("Not watched")
    assert shown.texts("unwatched")[0].startswith("Watching failed")
    assert not rendered(status()).texts("unwatched")


def test_before_the_champion_is_loaded() -> None:
    """Nothing is watched, and the page says that."""
    shown = rendered({"ready": False, "champion": None, "alarms": None})
    assert "Nothing is watched before the champion is loaded." in shown.texts("soft")


def test_alerts_that_did_not_arrive_are_counted() -> None:
    """Whoever expects to be woken sees that the webhook failed."""
    shown = rendered(status(webhook={"delivered": 3, "failed": 1, "dropped": 0}))
    assert "Alerts to the webhook: 3 delivered, 1 failed, 0 dropped." in shown.texts("promise")[0]


def test_there_are_words_for_every_alarm() -> None:
    """No name of a value stands on the page in place of words."""
    alarms = [
        replace(alarm(severity=severity), harm=harm) for severity in Severity for harm in Harm
    ]
    shown = rendered(status(alarms))
    assert "harm: " not in shown.texts("force")[0]
    for severity in Severity:
        told = shown.texts(f"{severity}-alarm")
        assert [each.split()[0] for each in told] == [severity.capitalize()] * len(Harm)


def drifting() -> JsonObject:
    """Return the scores of two features that moved, the one that moved less with an alarm."""
    generator = np.random.default_rng(3)
    features: dict[str, FeatureReference] = {
        "pages": NumericReference.of(generator.normal(10, 3, 5_000)),
        "court": CategoricalReference.of(["NDCA", "SDNY"] * 2_500, ["NDCA", "SDNY"]),
    }
    sketch = RowSketch(tuple(features), features)
    for value in generator.normal(20, 3, 200):
        sketch.update((float(value), "EDTX"), 0.9)
    snapshots = sketch.get()
    scores = {
        name: {**score(feature, snapshots[name]).to_json(), "alarm": None}
        for name, feature in features.items()
    }
    scores["pages"]["alarm"] = alarm("pages").to_json()
    return scores


def test_features_in_alarm_are_marked_and_stand_first() -> None:
    """The row says the severity, in words and by its colour."""
    shown = rendered(status([alarm()], drift=drifting()))
    assert [text[:5] for text in shown.texts("feature")[1:]] == ["pages", "court"]
    assert shown.texts("tag")[0] == "alarm: page"


def test_further_measures_are_in_units() -> None:
    """Each with what chance explains, and the smallest shift that alarms can see."""
    pages, court = rendered(status(drift=drifting())).texts("details")
    assert court.startswith("More measures of court")
    assert "PSI: " in court
    assert "New categories: 100 %, chance alone stays below" in court
    assert "Wasserstein, in standard deviations: 3." in pages
    for told in (court, pages):
        assert "Smallest shift that alarms can see with this reference: " in told
        assert not {"psi", "wasserstein_sd", "new_share", "undefined", "null"} & set(told.split())


def test_that_windows_were_scored_together_is_told() -> None:
    """Since when, and of how many documents: a service with little traffic."""
    scores = drifting()
    scores["court"]["since"] = "2026-03-01T08:30:00.000000Z"
    (_, court) = rendered(status(drift=scores)).texts("details")
    assert "Of 200 documents since 2026-03-01, 08:30 UTC: the last window alone says" in court

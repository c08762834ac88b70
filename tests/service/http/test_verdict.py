"""The verdict over HTTP: for a rollout that asks whether to go on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.settings import Settings
from tests.service.http.endpoint import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from guards.json_types import JsonObject
    from tests.service.http.endpoint import Endpoint

VERDICT = {
    *("decision", "because", "labels_needed", "criteria", "robust_to_missing", "honesty"),
    *("challenger", "replica", "run", "since", "documents"),
}


@pytest.fixture(scope="module")
def settings(champion: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return the settings of a service that judges challengers."""
    log = tmp_path_factory.mktemp("compared") / "log.jsonl"
    return Settings(
        champion=str(champion), log_file=log, replica="here", verdict="not-worse", ripe=0.0
    )


@pytest.fixture(scope="module")
def compared(settings: Settings, challenger: Path) -> Iterator[Endpoint]:
    """Run a champion with a challenger."""
    with running(replace(settings, challengers=(str(challenger),))) as endpoint:
        yield endpoint


@pytest.fixture(scope="module")
def alike(settings: Settings, challenger: Path) -> Iterator[Endpoint]:
    """Run a champion with two challengers of one bundle, which answer nothing."""
    with running(replace(settings, challengers=(str(challenger),) * 2)) as endpoint:
        yield endpoint


def verdict(endpoint: Endpoint, name: str) -> JsonObject:
    """Return the verdict on a challenger that there is."""
    response = endpoint.client.get("/v1/verdict", params={"challenger": name})
    assert response.status_code == 200, response.text
    return dict(response.json())


def error(endpoint: Endpoint, **parameters: str) -> tuple[int, str, str]:
    """Return status, code and message of a refusal."""
    response = endpoint.client.get("/v1/verdict", params=parameters)
    refusal = response.json()["error"]
    return response.status_code, refusal["code"], refusal["message"]


def test_a_label_shows_at_once(compared: Endpoint, documents: list[JsonObject]) -> None:
    """Status and verdict agree on the answers and labels that are there."""
    assert compared.runtime.champion is not None
    (behind,) = compared.runtime.champion.challengers
    predictions = compared.classify(*documents).json()["predictions"]
    compared.wait_until(lambda: not behind.pending)
    labels = [{"request_id": p["request_id"], "label": p["label"]} for p in predictions]
    labels.append({"request_id": "never seen", "label": "memo"})
    before = compared.client.get("/v1/status").json()
    assert [one["accuracy"] for one in before["challengers"]] == [None]
    assert compared.client.post("/v1/feedback", json={"labels": labels}).status_code == 202
    status = compared.client.get("/v1/status").json()
    (shown,) = status["challengers"]
    accuracy = shown["accuracy"]
    assert accuracy["documents"] == len(documents)
    assert accuracy["champion"]["value"] == 1
    assert accuracy["challenger"]["value"] == pytest.approx(shown["agreement"])
    assert (shown["labels"]["labelled"], shown["labels"]["unmatched_live"]) == (40, 1)
    assert shown["confidence_shift"]["low"] < shown["confidence_shift"]["high"]
    found = verdict(compared, "docs/2")
    assert set(found) == VERDICT
    assert shown["verdict"].items() <= found.items()
    assert found["criteria"][0]["name"] == "not-worse"
    assert (found["documents"], found["replica"]) == (len(documents), "here")
    assert found["run"] == compared.runtime.run
    assert status["verdict"] == shown["verdict"]


def test_the_only_challenger_needs_no_name(compared: Endpoint) -> None:
    """It is meant without a name, and by its name too."""
    found = compared.client.get("/v1/verdict").json()
    assert found["challenger"] == "docs/2"
    assert verdict(compared, "docs/2") == found


def test_challengers_are_told_apart_by_their_ordinal(alike: Endpoint) -> None:
    """Each of two with one name and version has its own verdict, without documents too."""
    first, second = (verdict(alike, name) for name in ("docs/2#1", "docs/2#2"))
    assert (first["challenger"], second["challenger"]) == ("docs/2", "docs/2#2")
    assert (first["decision"], first["documents"]) == ("undecided", 0)


@pytest.mark.parametrize(
    ("parameters", "several"),
    [
        ({}, "there are several challengers: "),
        ({"challenger": "docs/2"}, "'docs/2' means several: "),
    ],
)
def test_where_several_could_be_meant_the_refusal_names_them(
    alike: Endpoint, parameters: dict[str, str], several: str
) -> None:
    """Nothing is guessed, and the message holds what was sent and what to send instead."""
    status, code, message = error(alike, **parameters)
    assert (status, code) == (400, "malformed")
    assert message.startswith(several)
    assert "'docs/2#1', 'docs/2#2'" in message
    assert "%23" in message


@pytest.mark.parametrize("name", ["docs/3", "docs", "docs/2#3", ""])
def test_an_unknown_challenger_is_404(alike: Endpoint, name: str) -> None:
    """The message names those that there are."""
    status, code, message = error(alike, challenger=name)
    assert (status, code) == (404, "not_found")
    assert "'docs/2#1', 'docs/2#2'" in message


@pytest.mark.parametrize("parameters", [{}, {"challenger": "docs/2"}])
def test_without_a_challenger_there_is_no_verdict(
    endpoint: Endpoint, parameters: dict[str, str]
) -> None:
    """A champion alone is not judged."""
    assert error(endpoint, **parameters)[:2] == (404, "not_found")
    assert endpoint.client.get("/v1/status").json()["verdict"] is None

"""Questions to the child, and its answers."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from guards.bundle.layout import COLUMNS
from guards.bundle.sealed_files import read_sealed
from guards.errors import CallError, Finding, GuardRefused
from guards.integrity.isolation.limits import limits_of
from guards.integrity.requirements import Requirements
from service.lifecycle import judging, judging_child
from service.lifecycle.judging import Judgement, Question, judge
from service.processors import available_processors
from tests.faults.resealing import reseal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from guards.integrity.isolation.parent import Job
    from guards.json_types import JsonMapping, JsonObject

    Copy = Callable[[Path], Path]


def test_questions_and_judgements_pass_through_json(champion: Path) -> None:
    """What arrives is what was sent."""
    requirements = Requirements("exact", "sha256:ab", ("key.pem",), ("a.B",), "sha256:cd", ("c",))
    for question in (Question("a", requirements, "auto", deep=True), Question("b", opens=False)):
        assert Question.from_json(question.to_json()) == question

    finding = Finding("part_changed", "a", "b", "c")
    (passed,) = judge([Question(str(champion))])
    others = [
        Judgement("a", (finding,)),
        Judgement("a", tolerated=(finding,), bound=("c",), unusable=(finding,)),
    ]
    for judgement in (passed, *others, Judgement("a", deep={"c": {"flips": 1}})):
        assert Judgement.from_json(judgement.to_json()) == judgement


def test_a_passed_judgement_names_the_bundle(champion: Path) -> None:
    """Name, version, root fingerprint and labels are those of its manifest."""
    manifest = read_sealed(champion).manifest

    (judgement,) = judge([Question(str(champion))])

    assert judgement.passed() == manifest.identity
    assert judgement.labels == tuple(manifest.labels)


def test_only_the_bundle_that_passed_meets_what_a_worker_requires(
    champion: Path, challenger: Path
) -> None:
    """Another one in its place, as sound as it may be, is refused."""
    (judgement,) = judge([Question(str(champion))])
    required = judgement.narrow(Requirements())

    same, other = judge([Question(str(path), required) for path in (champion, challenger)])

    assert same.passed() == judgement.passed()
    assert [finding.code for finding in other.findings] == ["bundle_replaced"]


def test_a_refused_judgement_raises_its_findings(tmp_path: Path) -> None:
    """Whoever needs the bundle gets the refusal."""
    (judgement,) = judge([Question(str(tmp_path / "nothing"))])

    with pytest.raises(GuardRefused, match="bundle_missing") as refusal:
        judgement.passed()
    assert refusal.value.subject == str(tmp_path / "nothing")


def test_a_bundle_may_be_read_without_being_opened(champion: Path, copied: Copy) -> None:
    """Bytes that fit their manifest can be compared and signed, whatever they would load."""
    bundle = copied(champion)
    reseal(bundle, {COLUMNS: b"no pickle"})

    read, opened = judge([Question(str(bundle), opens=False), Question(str(bundle))])

    assert read.passed() == read_sealed(bundle).manifest.identity
    assert [finding.code for finding in opened.findings] == ["part_unreadable"]


def test_a_bundle_above_the_allowance_is_asked_of_no_child(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its place among the others, which are judged."""
    large = copied(champion)
    (large / "large").touch()
    os.truncate(large / "large", 10**12)
    answer, asked = judging_child.answer, []

    def remember(work: JsonMapping) -> JsonObject:
        asked.append(work["path"])
        return answer(work)

    monkeypatch.setattr(judging_child, "answer", remember)

    judgements = list(judge([Question(str(path)) for path in (champion, large, champion)]))

    codes = [[finding.code for finding in judgement.findings] for judgement in judgements]
    assert codes == [[], ["bundle_too_costly"], []]
    assert asked == [str(champion)] * 2


def test_what_is_no_bundle_is_asked_of_no_child(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever mistypes a path does not wait for imports: nothing there, a file, no manifest."""
    (tmp_path / "file").touch()
    (tmp_path / "directory").mkdir()
    monkeypatch.setattr(judging, "run_jobs", lambda *asked: iter(asked[2]))  # no answers, but jobs

    judgements = judge([Question(str(tmp_path / n)) for n in ("nothing", "file", "directory")])

    assert [finding.code for one in judgements for finding in one.findings] == [
        "bundle_missing",
        "bundle_not_a_directory",
        "manifest_missing",
    ]


def test_a_wrong_requirement_is_a_wrong_call(champion: Path) -> None:
    """It is the caller's fault, and no finding about the bundle."""
    question = Question(str(champion), Requirements(signature_keys=("missing.pem",)))

    with pytest.raises(CallError, match="the key cannot be read"):
        list(judge([question]))


@pytest.mark.parametrize(
    "words",
    [
        *("MemoryError: ", "std::bad_alloc", "DefaultCPUAllocator: can't allocate memory"),
        "Failed to allocate memory for requested buffer of size 8589934592",
    ],
)
def test_a_finding_about_memory_says_that_the_bundle_costs_too_much(
    champion: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    """Wherever a library's failed allocation was caught, and in whatever words."""

    def refuse(path: Path, _: Requirements) -> None:
        other = Finding("part_changed", "a", "b", "c")
        raise GuardRefused(str(path), [other, Finding("load_failed", "model", "a network", words)])

    monkeypatch.setattr("artifacts.bundle.opening.open_bundle", refuse)

    (judgement,) = judge([Question(str(champion))])

    assert [finding.code for finding in judgement.findings] == ["bundle_too_costly"]
    assert words.strip(": ") in judgement.findings[0].observed


def refusing(*findings: Finding, cause: BaseException | None = None) -> Callable[..., None]:
    """Return what opens no bundle, for these reasons."""

    def refuse(path: Path, _: Requirements) -> None:
        raise GuardRefused(str(path), findings) from cause

    return refuse


def test_a_refusal_that_memory_led_to_says_that_the_bundle_costs_too_much(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its words do not speak of memory."""
    finding = Finding("load_failed", "model", "a network", "RuntimeError: cannot load")
    refuse = refusing(finding, cause=MemoryError())
    monkeypatch.setattr("artifacts.bundle.opening.open_bundle", refuse)

    (judgement,) = judge([Question(str(champion))])

    assert [finding.code for finding in judgement.findings] == ["bundle_too_costly"]


def test_an_engine_that_has_no_memory_says_that_the_bundle_costs_too_much(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Here another machine might have it, but the limit is reckoned for every one."""
    finding = Finding("engine_unavailable", "onnx-int8", "an engine", "std::bad_alloc")
    monkeypatch.setattr(
        "service.engines.choosing.choose", lambda *_: SimpleNamespace(findings=(finding,))
    )

    (judgement,) = judge([Question(str(champion), engine="auto")])

    assert [finding.code for finding in judgement.findings] == ["bundle_too_costly"]


def test_of_many_findings_a_thousand_are_told(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle of millions of wrong parts makes no answer of gigabytes."""
    finding = Finding("part_changed", "a", "b", "c")
    monkeypatch.setattr("artifacts.bundle.opening.open_bundle", refusing(*[finding] * 2000))

    (judgement,) = judge([Question(str(champion))])

    assert judgement.findings == (finding,) * 1000


def test_the_parent_imports_no_torch() -> None:
    """The supervisor keeps what it imports for as long as the service runs."""
    code = (
        f"import sys, {judging.__name__}, service.lifecycle.preflight, service.cli.verify\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'transformers'} & sys.modules.keys()))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert printed.stdout.strip() == b"[]"


def started_by(
    monkeypatch: pytest.MonkeyPatch, *questions: Question
) -> tuple[Mapping[str, str], Sequence[Job]]:
    """Return the environment and the jobs that a child would be given."""
    started: list[tuple[Mapping[str, str], Sequence[Job]]] = []

    def run_jobs(_: object, environment: Mapping[str, str], jobs: Sequence[Job]) -> Iterator[None]:
        started.append((environment, jobs))
        return iter(())

    monkeypatch.setattr(judging, "run_jobs", run_jobs)
    with contextlib.suppress(RuntimeError):  # there are no answers
        list(judge(questions))
    return started[0]


def test_only_a_question_that_goes_deep_may_cost_as_much(
    champion: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own limits."""
    path = str(champion)

    _, (plain, deep) = started_by(monkeypatch, Question(path), Question(path, deep=True))

    assert plain.limits == limits_of(champion)
    assert deep.limits == limits_of(champion).deep()


@pytest.mark.parametrize(("written", "limit"), [("1", 1), ("64", 8), ("2,1", 2), ("", 8), ("0", 8)])
def test_threads_of_the_child_are_few_and_wait_idly(
    written: str, limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What threads use while they wait, and memory that is set aside, would count against it."""
    monkeypatch.setenv("OMP_NUM_THREADS", written)
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    environment, _ = started_by(monkeypatch)
    assert environment["OMP_NUM_THREADS"] == str(min(limit, available_processors()))
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"
    assert environment["ARROW_DEFAULT_MEMORY_POOL"] == "system"

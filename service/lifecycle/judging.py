"""Judging bundles in a process of its own, under limits; this side imports no torch."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from guards.bundle.identity import BundleIdentity
from guards.bundle.sealed_files import require_manifest
from guards.bundle.signature import read_public_keys
from guards.errors import CallError, Finding, GuardRefused
from guards.integrity.isolation.limits import DEFAULT_ALLOWANCE, limits_of
from guards.integrity.isolation.parent import Job, run_jobs
from guards.integrity.requirements import NO_REQUIREMENTS, Requirements
from service.child_environment import child_command, child_environment
from service.processors import available_processors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from guards.integrity.isolation.limits import Allowance
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Judgement", "Question", "judge"]

_CHILD = "service.lifecycle.judging_child"

_ALLOCATOR = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Arrow's own reserves a GiB at first use, which would count against the limit."""

_MAX_THREADS = 8


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about the bundle at ``path``.

    With ``engine``, the setting of the engine, an engine must be able to serve as well. With
    ``deep`` the graphs of its engines are derived again from the weights. Without ``opens`` only
    its bytes are compared with its manifest.
    """

    path: str
    requirements: Requirements = NO_REQUIREMENTS
    engine: str | None = None
    opens: bool = True
    deep: bool = False

    def to_json(self) -> JsonObject:
        """Return the question as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonMapping) -> Question:
        """Read what ``to_json`` returned."""
        return cls(**{**data, "requirements": Requirements.from_json(data["requirements"])})


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the guard says of a bundle: it is refused where there are findings.

    ``identity`` and ``labels`` are those of a bundle that passed. ``tolerated`` are the findings
    that the environment policy let pass, and ``environment_differences`` maps each library of
    another version to (sealed, installed). ``bound`` names the engines whose graphs are those of
    the weights. ``unusable`` says why an engine that the bundle carries cannot serve here, and
    ``lacks`` what cannot be watched, because the bundle has a reference of an earlier format.
    ``taught`` says which good windows the reference has learnt from, None where from none.
    ``deep`` has the figures of each graph that was derived again, None where nobody asked for it.
    """

    path: str
    findings: tuple[Finding, ...] = ()
    identity: BundleIdentity | None = None
    labels: tuple[str, ...] = ()
    tolerated: tuple[Finding, ...] = ()
    environment_differences: Mapping[str, Sequence[str]] = field(default_factory=dict)
    bound: tuple[str, ...] = ()
    unusable: tuple[Finding, ...] = ()
    lacks: tuple[str, ...] = ()
    taught: JsonMapping | None = None
    deep: JsonMapping | None = None

    def passed(self) -> BundleIdentity:
        """Return the identity of a bundle that passed; raises ``GuardRefused`` otherwise."""
        if self.identity is None:
            raise GuardRefused(self.path, self.findings)
        return self.identity

    def narrow(self, requirements: Requirements) -> Requirements:
        """Return requirements that only this bundle meets; raises as ``passed`` does."""
        return requirements.for_judged(self.passed().fingerprint, self.bound)

    def to_json(self) -> JsonObject:
        """Return the judgement as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: JsonMapping) -> Judgement:
        """Read what ``to_json`` returned; ``KeyError``, ``TypeError``, ``ValueError`` if not."""
        read: JsonObject = {name: tuple(data[name]) for name in ("labels", "bound", "lacks")}
        for name in ("findings", "tolerated", "unusable"):
            read[name] = tuple(map(Finding.from_json, data[name]))
        if data["identity"] is not None:
            read["identity"] = BundleIdentity.from_json(data["identity"])
        return cls(**{**data, **read})


def judge(
    questions: Sequence[Question], allowance: Allowance = DEFAULT_ALLOWANCE
) -> Iterator[Judgement]:
    """Yield the judgement of each bundle, in their order; one process judges them all.

    Raises ``CallError`` where a requirement names what is not there.
    """
    # A process that imports torch takes seconds to find that there is no such key.
    read_public_keys([key for each in questions for key in each.requirements.signature_keys])
    plans = [_plan(question, allowance) for question in questions]
    jobs = [plan for plan in plans if isinstance(plan, Job)]
    environment = {**child_environment(), **_ALLOCATOR, **_threads()}
    answers = run_jobs(child_command(_CHILD), environment, jobs)
    for plan in plans:
        yield plan if isinstance(plan, Judgement) else _judgement(plan.path, next(answers))


def _threads() -> dict[str, str]:
    """Return how many threads compute in the child, and that none waits by using its processor.

    What all of them use together counts against the processor time.
    """
    count = min(available_processors(), _MAX_THREADS)
    return {"OMP_NUM_THREADS": str(count), "OMP_WAIT_POLICY": "PASSIVE"}


def _plan(question: Question, allowance: Allowance) -> Job | Judgement:
    """Return the job for the child; a judgement at once where there is nothing to open.

    A process that imports torch takes seconds to find that there is no such bundle.
    """
    path = Path(question.path)
    try:
        with suppress(OSError):  # reading it says why
            require_manifest(path)
        limits = limits_of(path, allowance)
    except GuardRefused as refusal:
        return Judgement(question.path, refusal.findings)
    return Job(question.path, limits.deep() if question.deep else limits, question.to_json())


def _judgement(path: str, answer: JsonObject | Finding) -> Judgement:
    if isinstance(answer, Finding):
        return Judgement(path, (answer,))
    if "wrong_call" in answer:
        raise CallError(answer["wrong_call"])
    return Judgement.from_json(answer)

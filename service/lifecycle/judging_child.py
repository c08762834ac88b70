"""The process that judges bundles: ``python -m service.lifecycle.judging_child``.

It opens each bundle as the process that will serve it does. ``judging`` starts it.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from guards.bundle.engines import ONNX_INT8
from guards.bundle.sealed_files import read_sealed
from guards.errors import CallError, GuardRefused
from guards.integrity.isolation.child import answer_jobs
from guards.integrity.isolation.deaths import ran_out_of_memory, speaks_of_memory
from service.diagnostics import make_diagnostics_printable
from service.importing import uncollected
from service.lifecycle.judging import Judgement, Question

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from artifacts.bundle.opening import Bundle
    from guards.errors import Finding
    from guards.json_types import JsonMapping, JsonObject

__all__ = ["answer", "main"]

_MAX_FINDINGS = 1000


def main() -> None:
    """Answer the questions of the parent."""
    make_diagnostics_printable()
    answer_jobs(_import_libraries, answer)


def answer(question: JsonMapping) -> JsonObject:
    """Return a judgement as JSON; raises ``MemoryError`` where the bundle takes too much."""
    try:
        return _judge(Question.from_json(question)).to_json()
    except CallError as error:
        return {"wrong_call": str(error)}
    except GuardRefused as refusal:
        _raise_if_memory(refusal.findings)
        if ran_out_of_memory(refusal):
            raise MemoryError(refusal.findings[0].observed) from refusal
        return Judgement(question["path"], refusal.findings[:_MAX_FINDINGS]).to_json()


def _import_libraries(questions: Sequence[JsonMapping]) -> None:
    with uncollected():
        if any(question["opens"] for question in questions):
            importlib.import_module("artifacts.bundle.opening")
        if any(question["engine"] is not None for question in questions):
            importlib.import_module("service.engines.choosing")


def _judge(question: Question) -> Judgement:
    return _open(question) if question.opens else _read(question)


def _open(question: Question) -> Judgement:
    from artifacts.bundle.opening import open_bundle  # noqa: PLC0415 (torch; not for every question)
    from guards.integrity.environment import environment_differences  # noqa: PLC0415 (likewise)

    bundle = open_bundle(Path(question.path), question.requirements)
    unusable: Sequence[Finding] = ()
    if question.engine is not None:
        from service.engines.choosing import choose  # noqa: PLC0415 (likewise)

        unusable = choose(bundle, question.engine).findings
        _raise_if_memory(unusable)
    return Judgement(
        question.path,
        identity=bundle.identity,
        labels=bundle.labels,
        tolerated=bundle.tolerated,
        environment_differences=environment_differences(bundle.manifest.environment),
        bound=tuple(name for name, engine in bundle.engines.items() if engine.bound),
        unusable=tuple(unusable),
        lacks=bundle.reference.lacks,
        taught=None if bundle.reference.taught is None else bundle.reference.taught.summary(),
        deep=_derived(bundle) if question.deep else None,
    )


def _derived(bundle: Bundle) -> JsonObject:
    """Derive the graphs again; raises ``GuardRefused`` where one is another."""
    from artifacts.acceleration.building import require_libraries  # noqa: PLC0415 (an extra)

    require_libraries()
    from artifacts.acceleration.deriving import derive_again  # noqa: PLC0415 (likewise)

    derivation = derive_again(bundle)
    if derivation is None:
        return {}
    if derivation.findings:
        raise GuardRefused(str(bundle.path), derivation.findings)
    return {ONNX_INT8: derivation.to_json()}


def _read(question: Question) -> Judgement:
    manifest = read_sealed(Path(question.path)).manifest
    return Judgement(question.path, identity=manifest.identity, labels=tuple(manifest.labels))


def _raise_if_memory(findings: Iterable[Finding]) -> None:
    """Raise ``MemoryError`` where a finding is about an allocation that failed."""
    for finding in findings:
        if speaks_of_memory(finding.observed):
            raise MemoryError(finding.observed)


if __name__ == "__main__":
    main()

"""Chooses the engine that serves a bundle on this machine."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import torch

from artifacts.bundle.network import has_cuda
from guards.bundle.engines import ENGINES, TORCH_BF16
from guards.errors import Finding, GuardRefused, first_line
from guards.integrity.parity import check_engine_probes
from service.engines.batching import BatchingEngine
from service.engines.blank import blank_documents
from service.engines.torch import TorchEngine
from service.settings import AUTO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding
    from guards.json_types import JsonObject
    from service.engines import Engine

__all__ = ["Choice", "choose"]

_RUNS = 5
_MAX_MEASURED_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine that serves, warmed up, and why.

    ``milliseconds`` is the processor time of a document by engine, where several were measured.
    ``findings`` give the reason why an engine in the bundle cannot serve.
    """

    engine: Engine
    because: str
    milliseconds: dict[str, float]
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> JsonObject:
        """Return the choice as ``service.started`` carries it."""
        return {
            "name": self.engine.name,
            "lanes": self.engine.lanes,
            "embeds": self.engine.embeds,
            "because": self.because,
            "milliseconds": self.milliseconds,
            "findings": [finding.to_json() for finding in self.findings],
        }


def choose(bundle: Bundle, wanted: str) -> Choice:
    """Return the engine named ``wanted``, warmed up; ``auto`` is the fastest that can serve.

    Raises ``GuardRefused`` where the engine cannot serve: it is not in the bundle, its library is
    not installed, or its answers to the probes are not those from where it was built.
    """
    engines: list[Engine] = [TorchEngine(bundle)]
    findings: list[Finding] = []
    for name in ENGINES if wanted in (AUTO, *ENGINES) else ():
        carried = _carried(bundle, name)
        if isinstance(carried, Finding):
            findings.append(carried)
        elif carried is not None:
            engines.append(carried)
    if wanted != AUTO:
        engines = [engine for engine in engines if engine.name == wanted]
        if not engines:
            raise GuardRefused(str(bundle.path), findings or [_not_carried(bundle, wanted)])
    for engine in engines:
        engine.warm_up()
    if len(engines) == 1:
        because = "it was asked for" if wanted != AUTO else "no other may serve"
        return Choice(engines[0], because, {}, tuple(findings))
    milliseconds = {engine.name: _milliseconds(engine, bundle) for engine in engines}
    fastest = min(engines, key=lambda engine: milliseconds[engine.name])
    return Choice(fastest, "the fastest of those measured", milliseconds, tuple(findings))


def _carried(bundle: Bundle, name: str) -> Engine | Finding | None:
    """Return an engine of the bundle, a finding where it cannot serve, None where it has none."""
    sealed = bundle.engines.get(name)
    if sealed is None:
        return None
    if sealed.unusable is not None:
        return sealed.unusable
    try:
        engine = _make(bundle, name)
        golden = bundle.preprocessing.encode_documents(bundle.probe_documents)
        observed = engine.probabilities(golden)
    except Exception as error:  # noqa: BLE001 (any failure means that the engine cannot serve)
        observed_error = f"{type(error).__name__}: {first_line(error)}"
        remedy = "build it again on this machine with `understudy accelerate`, or use ENGINE=torch"
        return _unavailable(name, observed_error, remedy)
    return next(check_engine_probes(name, sealed.answers, observed, bundle.labels), engine)


def _make(bundle: Bundle, name: str) -> Engine:
    if name == TORCH_BF16:
        if has_cuda():
            return BatchingEngine(bundle, torch.device("cuda"))
        return TorchEngine(bundle, name)
    from service.engines.onnx import OnnxEngine  # noqa: PLC0415 (an extra)

    return OnnxEngine(bundle, name)


def _milliseconds(engine: Engine, bundle: Bundle) -> float:
    documents = [
        document for document in blank_documents(bundle) if document.tokens <= _MAX_MEASURED_TOKENS
    ][-2:]
    return round(median(_run_ms(engine, documents) for _ in range(_RUNS)), 3)


def _run_ms(engine: Engine, documents: Sequence[Encoding]) -> float:
    started = time.thread_time()
    for document in documents:
        engine.probabilities([document])
    return (time.thread_time() - started) * 1000 / len(documents)


def _not_carried(bundle: Bundle, name: str) -> Finding:
    report = (bundle.manifest.parity or {}).get(name)
    if report is None:
        remedy = "build it with `understudy accelerate`, or serve with an engine that it carries"
        return _unavailable(name, "the bundle carries none", remedy)
    remedy = "serve with another engine, or raise the budget: `understudy accelerate --max-flips`"
    return _unavailable(name, f"over its budget: {report}", remedy)


def _unavailable(name: str, observed: str, remedy: str) -> Finding:
    return Finding(
        code="engine_unavailable",
        subject=name,
        expected="an engine that the bundle carries and this machine can run",
        observed=observed,
        remedy=remedy,
    )

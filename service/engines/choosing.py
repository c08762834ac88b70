"""Which engine serves a bundle on this machine, and why."""

from __future__ import annotations

import importlib.util
import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import torch

from artifacts.acceleration.building import has_cuda
from guards.errors import Finding, GuardRefused, first_line
from guards.integrity.parity import ENGINES, ONNX_INT8, TORCH_BF16, check_engine_probes
from service.engines.batching import BatchingEngine
from service.engines.blank import blank_documents
from service.engines.torch import TORCH, TorchEngine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from artifacts.opening import Bundle
    from artifacts.preprocessing import Encoding
    from service.engines import Engine

__all__ = ["AUTO", "ENGINE_NAMES", "Choice", "choose"]

AUTO = "auto"
ENGINE_NAMES = (TORCH, *ENGINES)

_RUNS = 5
_MOST_MEASURED_TOKENS = 128


@dataclass(frozen=True, slots=True)
class Choice:
    """The engine that serves, warmed up, and how it came to be.

    ``milliseconds`` is the processor time of a document of some length by engine, where several
    were measured; ``findings`` say why an engine that the bundle carries does not serve.
    """

    engine: Engine
    because: str
    milliseconds: dict[str, float]
    findings: tuple[Finding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the choice as ``service.started`` carries it."""
        return {
            "name": self.engine.name,
            "lanes": self.engine.lanes,
            "because": self.because,
            "milliseconds": self.milliseconds,
            "findings": [finding.to_json() for finding in self.findings],
        }


def choose(bundle: Bundle, wanted: str) -> Choice:
    """Give the engine named ``wanted``, warmed up; ``auto`` is the fastest that may serve.

    Raises ``GuardRefused`` where the one wanted may not serve: it is not in the bundle, its library
    is not installed, or it answers the probes otherwise here than where it was built.
    """
    engines: list[Engine] = [TorchEngine(bundle)]
    findings: list[Finding] = []
    for name in ENGINES if wanted in (AUTO, *ENGINES) else ():
        found = _carried(bundle, name)
        if isinstance(found, Finding):
            findings.append(found)
        elif found is not None:
            engines.append(found)
    if wanted != AUTO:
        engines = [engine for engine in engines if engine.name == wanted]
        if not engines:
            raise GuardRefused(str(bundle.path), findings or [_not_carried(bundle, wanted)])
    for engine in engines:
        engine.warm_up()
    if len(engines) == 1:
        because = "it was asked for" if wanted != AUTO else "no other may serve"
        return Choice(engines[0], because, {}, tuple(findings))
    taken = {engine.name: _milliseconds(engine, bundle) for engine in engines}
    fastest = min(engines, key=lambda engine: taken[engine.name])
    return Choice(fastest, "the fastest of those measured", taken, tuple(findings))


def _carried(bundle: Bundle, name: str) -> Engine | Finding | None:
    """Give an engine of the bundle's that may serve here; a finding where it may not."""
    sealed = bundle.engines.get(name)
    if sealed is None:
        return None
    if name == ONNX_INT8 and importlib.util.find_spec("onnxruntime") is None:
        return _unavailable(name, "onnxruntime is not installed")
    try:
        engine = _made(bundle, name)
        golden = bundle.preprocessing.encode_documents(bundle.probe_documents)
        observed = engine.probabilities(golden)
    except Exception as error:  # noqa: BLE001 (whatever it is, this engine does not answer)
        return _unavailable(name, f"{type(error).__name__}: {first_line(error)}")
    return next(check_engine_probes(name, sealed.answers, observed, bundle.labels), engine)


def _made(bundle: Bundle, name: str) -> Engine:
    if name == TORCH_BF16:
        if has_cuda():
            return BatchingEngine(bundle, torch.device("cuda"))
        return TorchEngine(bundle, name)
    from service.engines.onnx import OnnxEngine  # noqa: PLC0415 (an extra)

    return OnnxEngine(bundle, name)


def _milliseconds(engine: Engine, bundle: Bundle) -> float:
    ordinary = [one for one in blank_documents(bundle) if one.tokens <= _MOST_MEASURED_TOKENS]
    documents = ordinary[-2:]
    return round(median(_run_ms(engine, documents) for _ in range(_RUNS)), 3)


def _run_ms(engine: Engine, documents: Sequence[Encoding]) -> float:
    started = time.thread_time()
    for document in documents:
        engine.probabilities([document])
    return (time.thread_time() - started) * 1000 / len(documents)


def _not_carried(bundle: Bundle, name: str) -> Finding:
    report = (bundle.manifest.parity or {}).get(name)
    return _unavailable(
        name, "the bundle carries none" if report is None else f"over its budget: {report}"
    )


def _unavailable(name: str, observed: str) -> Finding:
    return Finding(
        code="engine_unavailable",
        subject=name,
        expected="an engine that the bundle carries and this machine can run",
        observed=observed,
        remedy="build it with `understudy accelerate`, install its library with pip install "
        "'understudy[onnx]', or serve with ENGINE=torch",
    )

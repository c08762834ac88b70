"""Who is measured: Understudy in three ways, and the peers."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from load_tests.environments import environment
from load_tests.servers import Contender
from load_tests.subject import UNDERSTUDY

if TYPE_CHECKING:
    from collections.abc import Callable

    from load_tests.subject import Subject

__all__ = ["PEERS", "Peer", "alone", "empty_route", "shadowed"]

_ROOT = Path(__file__).parents[1]
_HERE = Path(__file__).parent / "peers"


def alone(subject: Subject) -> Contender:
    """Give Understudy with a champion only."""
    return _understudy("understudy", subject)


def shadowed(subject: Subject) -> Contender:
    """Give Understudy with a challenger, of the same weights, that hears every document."""
    return _understudy("understudy with shadow", subject, "--challenger", str(subject.bundle))


def _understudy(name: str, subject: Subject, *more: str) -> Contender:
    command = (UNDERSTUDY, "serve", "--champion", str(subject.bundle), *more, "--port", "{port}")
    return Contender(name, command, _ROOT, "/v1/classify", _document)


def empty_route() -> Contender:
    """Give a mounted route that does nothing, served as Understudy is."""
    service = "load_tests.peers.empty:Empty"
    command = (sys.executable, "-m", "bentoml", "serve", service, *_PORT)
    return Contender("empty route", command, _ROOT, "/v1/classify", _document)


_PORT = ("--host", "127.0.0.1", "--port", "{port}")


def _document(text: str) -> object:
    return {"documents": [{"text": text}]}


@dataclass(frozen=True, slots=True)
class Peer:
    """A server to compare with.

    ``at_defaults`` are those that are as their own pages show them, with one model.
    """

    name: str
    make: Callable[[Subject, Path, Path], Contender]
    at_defaults: bool = True

    def contender(self, subject: Subject, scratch: Path, cache: Path) -> Contender:
        """Install it where it is not, and give how it is run; raises ``NotInstalled``."""
        own = scratch / self.name.replace(" ", "-")
        own.mkdir()
        return self.make(subject, own, cache)


def _tutorial(subject: Subject, scratch: Path, cache: Path) -> Contender:
    return _bentoml("bentoml tutorial", (subject.model,), scratch, cache)


def _inline(subject: Subject, scratch: Path, cache: Path) -> Contender:
    models = (subject.model, subject.model)
    return _bentoml("bentoml tutorial, challenger inline", models, scratch, cache)


def _bentoml(name: str, models: tuple[Path, ...], scratch: Path, cache: Path) -> Contender:
    bin_directory = environment(_HERE / "bentoml.txt", cache)
    return Contender(
        name,
        (str(bin_directory / "bentoml"), "serve", "bentoml_tutorial:Classification", *_PORT),
        _HERE,
        "/classify",
        lambda text: {"texts": [text]},
        environment=_environment(scratch, *models),
    )


def _expert(subject: Subject, scratch: Path, cache: Path) -> Contender:
    bin_directory = environment(_HERE / "bentoml.txt", cache)
    return Contender(
        "expert's",
        (str(bin_directory / "bentoml"), "serve", "bentoml_expert:Classification", *_PORT),
        _HERE,
        "/classify",
        lambda text: {"text": text},
        environment=_environment(scratch, subject.model),
    )


def _infinity(subject: Subject, scratch: Path, cache: Path) -> Contender:
    bin_directory = environment(_HERE / "infinity.txt", cache)
    model = ("--model-id", str(subject.model), "--served-model-name", "classifier")
    engine = ("--engine", "torch", "--device", "cpu")
    return Contender(
        "infinity",
        (str(bin_directory / "infinity_emb"), "v2", *model, *engine, *_PORT),
        scratch,
        "/classify",
        lambda text: {"model": "classifier", "input": [text]},
        ready="/health",
        environment=_environment(scratch, subject.model),
    )


def _mlserver(subject: Subject, scratch: Path, cache: Path) -> Contender:
    bin_directory = environment(_HERE / "mlserver.txt", cache)
    extra = {"task": "text-classification", "pretrained_model": str(subject.model)}
    runtime = "mlserver_huggingface.HuggingFaceRuntime"
    settings = {"name": "classifier", "implementation": runtime, "parameters": {"extra": extra}}
    (scratch / "model-settings.json").write_text(json.dumps(settings), encoding="utf-8")
    ports = {"MLSERVER_HTTP_PORT": "{port}", "MLSERVER_GRPC_PORT": "0"}
    unused = {"MLSERVER_HOST": "127.0.0.1", "MLSERVER_METRICS_ENDPOINT": ""}
    return Contender(
        "mlserver",
        (str(bin_directory / "mlserver"), "start", str(scratch)),
        scratch,
        "/v2/models/classifier/infer",
        _open_inference,
        ready="/v2/health/ready",
        environment={**_environment(scratch, subject.model), **ports, **unused},
    )


def _open_inference(text: str) -> object:
    return {"inputs": [{"name": "args", "shape": [1], "datatype": "BYTES", "data": [text]}]}


def _ray(subject: Subject, scratch: Path, cache: Path) -> Contender:
    bin_directory = environment(_HERE / "ray.txt", cache)
    return Contender(
        "ray serve",
        (str(bin_directory / "python"), str(_HERE / "ray_serve.py"), "{port}"),
        scratch,
        "/",
        lambda text: {"text": text},
        ready="/-/healthz",
        environment={**_environment(scratch, subject.model), "RAY_USAGE_STATS_ENABLED": "0"},
    )


def _environment(scratch: Path, *models: Path) -> dict[str, str]:
    """Give the variables that peers read, and those that keep them off the network."""
    return {
        "PEER_MODELS": os.pathsep.join(str(model.resolve()) for model in models),
        "PEER_SCRATCH": str(scratch),
        "BENTOML_HOME": str(scratch / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "1",
        "HF_HUB_OFFLINE": "1",
    }


PEERS = (
    Peer("bentoml tutorial", _tutorial),
    Peer("bentoml tutorial, challenger inline", _inline, at_defaults=False),
    Peer("infinity", _infinity),
    Peer("expert's", _expert, at_defaults=False),
    Peer("mlserver", _mlserver),
    Peer("ray serve", _ray),
)

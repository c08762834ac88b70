"""The servers that are measured: Understudy in three ways, and its peers."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from load_tests.servers import Contender

__all__ = ["ALONE", "EMPTY", "EXPERT", "INLINE", "OWN", "PEERS", "SHADOWED"]

ALONE = "understudy"
SHADOWED = "understudy with shadow"
EMPTY = "empty route"
EXPERT = "expert's"
INLINE = "bentoml tutorial, challenger inline"

_LISTEN = "--host 127.0.0.1 --port {port}"
_SERVE = f"understudy serve {_LISTEN} --champion {{bundle}}"
_BENTOML = f"bentoml serve {_LISTEN} --working-dir {{peers}} "

_ALONE = Contender(
    ALONE, _SERVE, "/v1/classify", lambda text: {"documents": [{"text": text}]}, directory="{root}"
)
OWN = (
    _ALONE,
    # The challenger has the champion's weights, and is sent every document.
    replace(_ALONE, name=SHADOWED, command=f"{_SERVE} --challenger {{bundle}}"),
    # What a mounted route costs before anything is done.
    replace(_ALONE, name=EMPTY, command=f"bentoml serve {_LISTEN} load_tests.peers.empty:Empty"),
)

_VARIABLES = {
    "PEER_MODELS": "{model}",
    "PEER_SCRATCH": "{scratch}",
    "BENTOML_HOME": "{scratch}/bentoml",
    "BENTOML_DO_NOT_TRACK": "True",
    "DO_NOT_TRACK": "1",
    "HF_HUB_OFFLINE": "1",
}
_TUTORIAL = Contender(
    "bentoml tutorial",
    _BENTOML + "bentoml_tutorial:Classification",
    "/classify",
    lambda text: {"texts": [text]},
    requirements="bentoml",
    variables=_VARIABLES,
    at_defaults=True,
)
_MLSERVER_SETTINGS = {
    "name": "classifier",
    "implementation": "mlserver_huggingface.HuggingFaceRuntime",
    "parameters": {"extra": {"task": "text-classification", "pretrained_model": "{model}"}},
}
PEERS = (
    _TUTORIAL,
    replace(
        _TUTORIAL,
        name=INLINE,
        variables=_VARIABLES | {"PEER_MODELS": f"{{model}}{os.pathsep}{{model}}"},
        at_defaults=False,
    ),
    Contender(
        "infinity",
        "infinity_emb v2 --model-id {model} --served-model-name classifier"
        f" --engine torch --device cpu {_LISTEN}",
        "/classify",
        lambda text: {"model": "classifier", "input": [text]},
        ready="/health",
        requirements="infinity",
        variables=_VARIABLES,
        at_defaults=True,
    ),
    Contender(
        EXPERT,
        _BENTOML + "bentoml_expert:Classification",
        "/classify",
        lambda text: {"text": text},
        requirements="bentoml",
        variables=_VARIABLES,
    ),
    Contender(
        "mlserver",
        "mlserver start {scratch}",
        "/v2/models/classifier/infer",
        lambda text: {
            "inputs": [{"name": "args", "shape": [1], "datatype": "BYTES", "data": [text]}]
        },
        ready="/v2/health/ready",
        requirements="mlserver",
        files={"model-settings.json": json.dumps(_MLSERVER_SETTINGS)},
        variables=_VARIABLES
        | {
            "MLSERVER_HTTP_PORT": "{port}",
            "MLSERVER_GRPC_PORT": "0",
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_METRICS_ENDPOINT": "",
        },
        at_defaults=True,
    ),
    Contender(
        "ray serve",
        "python {peers}/ray_serve.py {port}",
        "/",
        lambda text: {"text": text},
        ready="/-/healthz",
        requirements="ray",
        variables=_VARIABLES | {"RAY_USAGE_STATS_ENABLED": "0"},
        at_defaults=True,
    ),
)

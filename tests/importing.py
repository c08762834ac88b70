"""Import modules one after another in a process of its own, and report what that changed.

Run as ``python importing.py``. Standard input is a JSON object with ``modules``, the names to
import, and ``libraries``, import statements to run before the state is looked at: a library may
change what it likes when it is imported. Standard output is a JSON object with ``imported``,
every module that is there at the end, in the order of their import, and ``changed``, for each of
``modules`` that changed something, what was there before and after.
"""

from __future__ import annotations

import atexit
import contextlib
import copyreg
import decimal
import faulthandler
import gc
import importlib
import json
import locale
import logging
import multiprocessing
import os
import random
import signal
import socket
import sys
import threading
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import prometheus_client
import structlog
import torch


def _loggers() -> dict[str, object]:
    registered = {"root": logging.root, **logging.root.manager.loggerDict}
    return {
        name: (logger.level, logger.disabled, logger.propagate, logger.handlers, logger.filters)
        for name, logger in registered.items()
        if isinstance(logger, logging.Logger)
        # Nothing is changed by a logger that is only named.
        and (logger.level or logger.disabled or not logger.propagate or logger.handlers)
    }


def _state() -> dict[str, str]:
    """Return what is global to a process, by what it is, as text that can be compared."""
    state = {
        "warnings": (warnings.filters, warnings.showwarning, warnings.formatwarning),
        "loggers": _loggers(),
        "logging": (
            logging.root.manager.disable,
            logging.lastResort,
            logging.raiseExceptions,
            logging.getLoggerClass(),
            logging.getLogRecordFactory(),
        ),
        "environment": sorted(os.environ.items()),
        "working directory": Path.cwd(),
        "signal handlers": [signal.getsignal(number) for number in sorted(signal.valid_signals())],
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "processes": multiprocessing.active_children(),
        "start method": multiprocessing.get_start_method(allow_none=True),
        "hooks": (
            sys.excepthook,
            sys.unraisablehook,
            sys.displayhook,
            threading.excepthook,
            sys.gettrace(),
            sys.getprofile(),
        ),
        "standard streams": (sys.stdin, sys.stdout, sys.stderr),
        "where modules are found": (sys.path, sys.meta_path, sys.path_hooks),
        "interpreter": (
            sys.getrecursionlimit(),
            sys.getswitchinterval(),
            sys.get_int_max_str_digits(),
            faulthandler.is_enabled(),
            atexit._ncallbacks(),  # noqa: SLF001 (there is no public way)
        ),
        "pickling": copyreg.dispatch_table,
        "sockets": socket.getdefaulttimeout(),
        "decimal": decimal.getcontext(),
        "garbage collection": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "locale": locale.setlocale(locale.LC_ALL),
        "random state": (
            random.getstate(),
            np.random.get_state(legacy=False)["state"]["key"].tobytes(),  # noqa: NPY002 (the global generator)
            torch.initial_seed(),
        ),
        "numpy": (np.geterr(), np.get_printoptions()),
        "pandas": pd.describe_option("", _print_desc=False),
        "torch": (
            torch.get_num_threads(),
            torch.get_num_interop_threads(),
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.are_deterministic_algorithms_enabled(),
            torch.get_float32_matmul_precision(),
            torch.backends.mkldnn.enabled,
        ),
        "structlog": (structlog.is_configured(), structlog.get_config()),
        "prometheus": [metric.name for metric in prometheus_client.REGISTRY.collect()],
    }
    return {name: repr(value) for name, value in state.items()}


def _import_libraries(statements: list[str]) -> None:
    for statement in statements:
        # A module may do without a library that is not installed.
        with contextlib.suppress(ImportError):
            exec(statement, {})  # noqa: S102 (a statement of a module of ours)


def main() -> None:
    """Import what standard input names, and print the report."""
    asked = json.load(sys.stdin)
    _import_libraries(asked["libraries"])
    before, changed = _state(), {}
    for name in asked["modules"]:
        importlib.import_module(name)
        after = _state()
        differing = {
            what: (before[what], after[what]) for what in after if before[what] != after[what]
        }
        if differing:
            changed[name] = differing
        before = after
    json.dump({"imported": list(sys.modules), "changed": changed}, sys.stdout)


if __name__ == "__main__":
    main()

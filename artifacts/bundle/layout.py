"""Lay a network out without memory for its weights, and compare it with the weights there are.

On torch's device ``meta`` a tensor has a name, a type and a shape, and no numbers. What is built
there is stopped as soon as it has more modules than weights could fill, or constants that would
fill the memory.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch.nn.modules import module as torch_modules

from artifacts.bundle.network import empty_network, model_of
from guards.bundle.layout import CONFIG, WEIGHTS
from guards.errors import Finding, PartError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from torch import nn

    from guards.bundle.tensors import Tensor
    from guards.json_types import JsonObject

__all__ = ["check_layout"]

_DTYPES = {
    "BOOL": torch.bool, "U8": torch.uint8, "I8": torch.int8, "I16": torch.int16,
    "I32": torch.int32, "I64": torch.int64, "F16": torch.float16, "BF16": torch.bfloat16,
    "F32": torch.float32, "F64": torch.float64,
}  # fmt: skip

_MAX_CONSTANT_BYTES = 256 * 1024**2
"""Beside as much as the weights take. GPT-Neo's masks of 2,048 positions take 4 MiB a layer."""

_MAX_MODULES = 8
"""For each weight. A layer of an encoder has fewer than two modules a weight."""


class _OtherNetwork(Exception):
    """The network that is being built is not the one whose weights there are."""


def check_layout(config: JsonObject, tensors: Mapping[str, Tensor]) -> None:
    """Check that the configured network has exactly these weights.

    Raises ``PartError`` where names or shapes differ, or a weight would be converted in loading,
    and ``ValueError`` for a kind of model that no bundle may hold.
    """
    try:
        with _bounded(tensors), torch.device("meta"):
            laid_out = model_of(empty_network(config)).state_dict()
    except _OtherNetwork as error:
        raise _mismatch(str(error)) from None
    _check_names(tensors, laid_out)
    for name, weight in laid_out.items():
        shape, dtype = tensors[name].shape, _DTYPES[tensors[name].dtype]
        if tuple(weight.shape) != shape:
            observed = f"{name!r} of shape {tuple(weight.shape)}, where the weights have {shape}"
            raise _mismatch(observed)
        if weight.dtype != dtype:
            raise PartError(
                Finding(
                    code="weights_of_another_precision",
                    subject=WEIGHTS,
                    expected=f"{weight.dtype}",
                    observed=f"{dtype}, for example in {name!r}",
                )
            )


def _check_names(tensors: Mapping[str, Tensor], laid_out: Mapping[str, torch.Tensor]) -> None:
    for names, what in (
        (laid_out.keys() - tensors.keys(), "has weights that the file lacks"),
        (tensors.keys() - laid_out.keys(), "has no place for weights of the file"),
    ):
        if names:
            observed = f"one that {what}: {len(names)}, the first is {min(names)!r}"
            raise _mismatch(observed)


def _mismatch(observed: str) -> PartError:
    expected = "the network that these weights are of"
    return PartError(Finding("network_mismatch", CONFIG, expected, observed))


@contextmanager
def _bounded(tensors: Mapping[str, Tensor]) -> Iterator[None]:
    """Raise ``_OtherNetwork`` inside as soon as a network outgrows these weights."""
    bounds = _Bounds(tensors)
    hooks = [
        torch_modules.register_module_buffer_registration_hook(bounds.buffer),
        torch_modules.register_module_module_registration_hook(bounds.module),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class _Bounds:
    """What may still be registered; called by torch for each part of a module."""

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.modules = _MAX_MODULES * (len(tensors) + 10)
        self.bytes = _MAX_CONSTANT_BYTES + sum(one.end - one.start for one in tensors.values())

    def buffer(self, module: nn.Module, name: str, value: torch.Tensor | None) -> None:
        self.bytes -= 0 if value is None else value.nbytes
        if self.bytes < 0:
            message = (
                f"one whose constants fill more than {_MAX_CONSTANT_BYTES // 1024**2} MiB beside "
                f"its weights, such as {name} of a {type(module).__name__}"
            )
            raise _OtherNetwork(message)

    def module(self, module: nn.Module, _name: str, _value: nn.Module | None) -> None:
        self.modules -= 1
        if self.modules < 0:
            message = f"one of far more modules than weights, such as {type(module).__name__}"
            raise _OtherNetwork(message)

"""One model's answer to one document, and what the answer cost."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from guards.json_types import JsonMapping, JsonObject

__all__ = ["Answer", "Observation"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One model's answer to one document, and the numbers that summarise it.

    ``confidence`` is the largest probability, ``margin`` its distance to the second largest, and
    ``entropy`` is in nats over the natural logarithm of the number of classes, so between 0 and 1.
    """

    label: str
    confidence: float
    margin: float
    entropy: float
    probabilities: dict[str, float]

    @classmethod
    def of(cls, probabilities: NDArray[np.float32], labels: Sequence[str]) -> Answer:
        """Summarise probabilities float32 [classes]; ``ValueError`` where one is not finite."""
        values: list[float] = probabilities.tolist()
        # Sums of float32 numbers do not overflow a double.
        if not math.isfinite(sum(values)):
            message = "a probability is not finite"
            raise ValueError(message)
        ordered = sorted(values)
        second, first = ordered[-2:]
        # Arrays of a handful of numbers cost more to make than to sum.
        positive = values if ordered[0] > 0 else [value for value in values if value > 0]
        nats = -sum(map(operator.mul, positive, map(math.log, positive)))
        return cls(
            label=labels[values.index(first)],
            confidence=first,
            margin=first - second,
            entropy=min(max(nats / math.log(len(values)), 0.0), 1.0),
            probabilities=dict(zip(labels, values, strict=True)),
        )

    def to_json(self) -> JsonObject:
        """Return the answer as log lines carry it."""
        return {
            "label": self.label,
            "confidence": self.confidence,
            "margin": self.margin,
            "entropy": self.entropy,
            "probabilities": self.probabilities,
        }

    @classmethod
    def from_json(cls, data: JsonMapping) -> Answer:
        """Read an answer from an object that may hold more; ``KeyError`` without one."""
        return cls(*(data[name] for name in _ANSWER_FIELDS))


_ANSWER_FIELDS = ("label", "confidence", "margin", "entropy", "probabilities")
_TIMES = ("queue_s", "preprocess_s", "infer_s", "cpu_s")


@dataclass(frozen=True, slots=True)
class Observation:
    """An answer and what it cost, in seconds.

    ``infer_s`` is the wall time of the pass through the network. ``cpu_s`` is the processor time
    of the thread that ran it, divided by tokens among the documents of a batch. Compare models at
    different priorities by ``cpu_s``: the wall time of one at idle priority depends on the load of
    the machine. An ``exclusive`` pass might use every core, by helper threads that ``cpu_s`` does
    not hold: it cannot be compared with that of another pass. ``queue_s`` and ``preprocess_s`` are
    None where they are not measured, and ``cpu_s`` is None in logs of earlier versions, in which
    no pass is said to be exclusive.
    """

    answer: Answer
    infer_s: float
    cpu_s: float | None
    queue_s: float | None = None
    preprocess_s: float | None = None
    exclusive: bool = False

    def to_json(self) -> JsonObject:
        """Return answer and times as log lines carry them.

        Times that are None are left out, and so is ``exclusive`` where it is False.
        """
        fields = self.answer.to_json()
        for name in _TIMES:
            seconds = getattr(self, name)
            if seconds is not None:
                fields[name] = seconds
        if self.exclusive:
            fields["exclusive"] = True
        return fields

    @classmethod
    def from_json(cls, data: JsonMapping) -> Observation:
        """Read an observation from an object that may hold more; ``KeyError`` without it."""
        return cls(
            answer=Answer.from_json(data),
            infer_s=data["infer_s"],
            cpu_s=data.get("cpu_s"),
            queue_s=data.get("queue_s"),
            preprocess_s=data.get("preprocess_s"),
            exclusive=data.get("exclusive", False),
        )

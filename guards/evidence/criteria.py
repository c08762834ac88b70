"""The criteria of a verdict: what must be shown of a challenger, and what must not.

A *success* criterion must be shown, and every *guardrail*. A shown *deterioration* vetoes.
*Quality* criteria say whether the data can be trusted (Schultzberg, Ankargren and Frånberg 2024).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, log
from typing import TYPE_CHECKING, Literal, get_args

from guards.errors import CallError
from guards.text import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from guards.json_types import JsonObject

__all__ = [
    "Criterion",
    "Evidence",
    "Guardrail",
    "GuardrailKind",
    "Kind",
    "Policy",
    "Rule",
    "e_value",
]

Kind = Literal["success", "guardrail", "deterioration", "quality"]

Rule = Literal["better", "not-worse"]
"""What a challenger must be shown to be."""

GuardrailKind = Literal["class", "segment", "cost", "errors"]

_NAMED = ("class", "segment")
_MAX_LOG = log(1e300)


@dataclass(frozen=True, slots=True)
class Guardrail:
    """What a challenger must be shown not to break.

    ``margin`` of a ``class`` or a ``segment`` is the loss of accuracy that is allowed on its
    documents, of ``cost`` the largest ratio of processor times, and of ``errors`` the largest share
    of documents on which the challenger fails.
    """

    kind: GuardrailKind
    name: str
    margin: float

    @classmethod
    def parse(cls, text: str) -> Guardrail:
        """Read ``KIND[:NAME]=MARGIN``; raises ``CallError``.

        >>> Guardrail.parse("class:invoice=.03")
        Guardrail(kind='class', name='invoice', margin=0.03)
        """
        subject, _, number = text.rpartition("=")
        kind, colon, name = subject.strip().partition(":")
        for known in get_args(GuardrailKind):
            if kind == known and bool(colon) == bool(name) == (kind in _NAMED):
                return cls(known, name, _margin(text, kind, number))
        message = (
            f"guardrail {text!r}: expected class:NAME=MARGIN, segment:NAME=MARGIN, cost=RATIO or "
            "errors=SHARE"
        )
        raise CallError(message)

    def __str__(self) -> str:
        return f"{self.subject}={self.margin:g}"

    @property
    def subject(self) -> str:
        """Kind and name."""
        return f"{self.kind}:{self.name}" if self.name else self.kind


def _margin(text: str, kind: str, number: str) -> float:
    try:
        margin = float(number)
    except ValueError:
        margin = float("nan")
    low, high = (1.0, 8.0) if kind == "cost" else (0.0, 1.0)
    if not low < margin < high:
        message = f"guardrail {text!r}: expected a number between {low:g} and {high:g}"
        raise CallError(message)
    return margin


@dataclass(frozen=True, slots=True)
class Policy:
    """What a promotion asks for.

    ``margin`` is the loss of accuracy that the rule ``not-worse`` allows, ``challengers`` how many
    may be promoted, among whom the error is divided, and ``require_robust`` whether the conclusion
    must hold with every missed document counted against the challenger.
    """

    rule: Rule = "better"
    margin: float = 0.02
    guardrails: tuple[Guardrail, ...] = ()
    challengers: int = 1
    require_robust: bool = False

    @property
    def guarded_segments(self) -> frozenset[str]:
        """The segments that a guardrail names."""
        return frozenset(guard.name for guard in self.guardrails if guard.kind == "segment")

    @property
    def trusts_agreements(self) -> bool:
        """Whether a part of it counts labelled agreements as documents on which nothing is lost."""
        named = any(guard.kind in _NAMED for guard in self.guardrails)
        return self.rule == "not-worse" or named

    @property
    def allowed_loss(self) -> float:
        """The loss of accuracy that the rule allows."""
        return 0.0 if self.rule == "better" else self.margin

    def check_classes(self, classes: Sequence[str]) -> None:
        """Raise ``CallError`` where a guardrail is for a class that is none of these labels."""
        for guardrail in self.guardrails:
            if guardrail.kind == "class" and guardrail.name not in classes:
                message = (
                    f"guardrail {guardrail}: {guardrail.name!r} is none of the champion's labels: "
                    f"{listed(classes)}"
                )
                raise CallError(message)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The logarithm of an e-value, the error that is allowed, and what was observed in words."""

    log_e: float
    alpha: float
    bound: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """A criterion, and whether the evidence shows it.

    ``evidence`` is an e-value and ``needed`` what it has to reach; ``bound`` is the end of the
    confidence sequence that it is about. Each is None where it does not apply.
    """

    kind: Kind
    name: str
    shown: bool
    bound: float | None
    evidence: float | None
    needed: float | None
    words: str

    @classmethod
    def of(cls, kind: Kind, name: str, evidence: Evidence) -> Criterion:
        """Judge evidence; what it has to reach is 1 / its error."""
        reached = f"evidence {e_value(evidence.log_e):.3g} of {1 / evidence.alpha:.3g} needed"
        return cls(
            kind=kind,
            name=name,
            shown=evidence.log_e >= -log(evidence.alpha),
            bound=evidence.bound,
            evidence=e_value(evidence.log_e),
            needed=1 / evidence.alpha,
            words=f"{name}: {evidence.words}; {reached}",
        )

    def to_json(self) -> JsonObject:
        """Return the criterion as plain JSON."""
        return {
            "kind": self.kind,
            "name": self.name,
            "shown": self.shown,
            "bound": self.bound,
            "evidence": self.evidence,
            "needed": self.needed,
            "words": self.words,
        }


def e_value(logarithm: float) -> float:
    """Return an e-value from its logarithm, at most 1e300, so that it is a JSON number."""
    return exp(min(logarithm, _MAX_LOG)) if isfinite(logarithm) else 0.0

"""What a promotion asks for."""

from __future__ import annotations

import doctest
import json
from math import exp, inf, log, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

import guards.evidence.criteria
from guards.errors import CallError
from guards.evidence.criteria import Criterion, Evidence, Guardrail, Policy, e_value

NAMES = st.text("ab:= é🦆\0", min_size=1, max_size=6).filter(lambda name: name == name.strip())
MARGINS = st.floats(0, 1, exclude_min=True, exclude_max=True)


def test_the_example_holds() -> None:
    """The docstring says what a user sees."""
    assert doctest.testmod(guards.evidence.criteria).failed == 0


@given(st.sampled_from(["class", "segment"]), NAMES, MARGINS)
def test_a_guardrail_may_have_any_name(kind: str, name: str, margin: float) -> None:
    """Colons, equals signs and spaces included: the last equals sign is before the margin."""
    guardrail = Guardrail.parse(f"{kind}:{name}={margin!r}")
    assert (guardrail.kind, guardrail.name, guardrail.margin) == (kind, name, margin)
    assert guardrail.subject == f"{kind}:{name}"
    assert str(guardrail).startswith(f"{kind}:{name}=")


@pytest.mark.parametrize(
    ("text", "guardrail"),
    [
        ("cost=1.5", Guardrail("cost", "", 1.5)),
        ("errors=.01", Guardrail("errors", "", 0.01)),
        (" class:invoice = .03 ", Guardrail("class", "invoice", 0.03)),
        ("segment:emea:north=1e-2", Guardrail("segment", "emea:north", 0.01)),
        ("class:a=b=.5", Guardrail("class", "a=b", 0.5)),
        ("class:cost=.5", Guardrail("class", "cost", 0.5)),
    ],
)
def test_good_guardrails_are_read(text: str, guardrail: Guardrail) -> None:
    """With spaces around, and names that look like something else."""
    assert Guardrail.parse(text) == guardrail
    assert Guardrail.parse(str(guardrail)) == guardrail


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "class",
        "class=.1",
        "class:=.1",
        "class: =.1",
        "segment:emea",
        "cost:gpu=2",
        "cost:=2",
        "errors:=.1",
        "Class:a=.1",
        "latency=2",
        ":a=.1",
        "class a=.1",
    ],
)
def test_guardrails_of_no_kind_are_refused(text: str) -> None:
    """The message quotes the text and lists what there is."""
    with pytest.raises(CallError, match="expected class:NAME=MARGIN, segment:NAME") as raised:
        Guardrail.parse(text)
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize("margin", ["0", "1", "-0.1", "1.01", "nan", "inf", "-inf", "", "3%", "a"])
@pytest.mark.parametrize("subject", ["class:a", "segment:a", "errors"])
def test_a_share_is_between_0_and_1(subject: str, margin: str) -> None:
    """Neither end can ever be shown or broken, and says so."""
    with pytest.raises(CallError, match="expected a number between 0 and 1"):
        Guardrail.parse(f"{subject}={margin}")


@pytest.mark.parametrize("ratio", ["1", "0.5", "8", "9", "-2", "nan", "inf", "two"])
def test_a_ratio_of_costs_is_between_1_and_8(ratio: str) -> None:
    """Ratios are clipped to 8, so that no more could be shown."""
    with pytest.raises(CallError, match="expected a number between 1 and 8"):
        Guardrail.parse(f"cost={ratio}")


def test_only_not_worse_allows_a_loss() -> None:
    """The margin means nothing to the rule that asks for a better challenger."""
    assert Policy(margin=0.05).allowed_loss == 0
    assert Policy("not-worse", margin=0.05).allowed_loss == 0.05


@given(st.sampled_from([-inf, inf, nan]) | st.floats(-1e6, 1e6))
def test_an_e_value_is_a_number_of_json(logarithm: float) -> None:
    """However large its logarithm is, and 0 where there is none."""
    value = e_value(logarithm)
    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert 0 <= value <= 1.0000001e300
    if -700 < logarithm < 600:
        assert value == exp(logarithm)


@pytest.mark.parametrize(("log_e", "shown"), [(log(20), True), (log(19.9), False), (-inf, False)])
def test_a_criterion_is_shown_once_the_evidence_is_enough(log_e: float, *, shown: bool) -> None:
    """It takes 1 / its error; the words say what was seen, what there is and what is needed."""
    found = Criterion.of("success", "better", Evidence(log_e, 0.05, 0.1, "4 of 5 won"))
    assert found.shown is shown
    assert found.to_json() == {
        "kind": "success",
        "name": "better",
        "shown": shown,
        "bound": 0.1,
        "evidence": e_value(log_e),
        "needed": 20.0,
        "words": f"better: 4 of 5 won; evidence {e_value(log_e):.3g} of 20 needed",
    }

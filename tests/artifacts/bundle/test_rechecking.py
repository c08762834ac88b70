"""Whether a live preprocessing is still what was sealed: seen when it is not, and only then."""

from __future__ import annotations

import gc
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pytest
from tokenizers import models

from artifacts.bundle.opening import Bundle, open_bundle
from artifacts.bundle.rechecking import Rechecker
from artifacts.bundle.sealed_columns import compiled_of, estimator_of
from tests.faults.resealing import agree, edit_manifest, the_finding

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

RESTART = "restart the service"


@pytest.fixture
def bundle(champion: Path) -> Bundle:
    """Open the champion's bundle, for one test to change."""
    return open_bundle(champion)


def scaler_of(bundle: Bundle) -> Any:  # noqa: ANN401 (scikit-learn is untyped)
    """Return the scaler behind the face."""
    columns = estimator_of(bundle.preprocessing.columns)
    return columns.named_transformers_["numeric"]["scale"]


def force(target: object, name: str, value: object) -> None:
    """Assign over whatever refuses to be assigned to."""
    object.__setattr__(target, name, value)


def tokenizer_of(bundle: Bundle) -> Any:  # noqa: ANN401 (any method of the library's)
    """Return the tokenizer behind the face."""
    return object.__getattribute__(bundle.preprocessing.tokenizer, "_tokenizer")


def make_writable(array: Any) -> None:  # noqa: ANN401 (what an array is a view of is any object)
    """Undo the sealing of an array, from the one whose memory it is."""
    if array.base is not None:
        make_writable(array.base)
    array.flags.writeable = True


def _change_a_mean(bundle: Bundle) -> None:
    means = scaler_of(bundle).mean_
    make_writable(means)
    means[0] = 45.5


def _change_a_parameter(bundle: Bundle) -> None:
    scaler_of(bundle).with_mean = False


def _truncate(bundle: Bundle) -> None:
    tokenizer_of(bundle).enable_truncation(16)


def _read_special_tokens_as_text(bundle: Bundle) -> None:
    tokenizer_of(bundle).encode_special_tokens = True


def _shorten_words(bundle: Bundle) -> None:
    tokenizer_of(bundle).model.max_input_chars_per_word = 3


def _exchange_the_model(bundle: Bundle) -> None:
    words = tokenizer_of(bundle).get_vocab(with_added_tokens=False)
    words["understudy"] = words.pop("the")
    tokenizer_of(bundle).model = models.WordPiece(words, unk_token="[UNK]")  # noqa: S106 (a token of text)


def _cut_shorter(bundle: Bundle) -> None:
    force(bundle.preprocessing.truncation, "max_length", 9)


def _keep_the_tail(bundle: Bundle) -> None:
    force(bundle.preprocessing.truncation, "long", "head-tail")


def _rename_a_category(bundle: Bundle) -> None:
    court = bundle.preprocessing.schema.categorical[0]
    force(court, "categories", ("Mars", *court.categories[1:]))


def _fill_otherwise(bundle: Bundle) -> None:
    columns = bundle.preprocessing.columns
    assert columns is not None
    force(columns.column_inputs.columns[0], "missing", 0.0)


CHANGES: dict[str, tuple[Callable[[Bundle], None], str, str]] = {
    "mean": (_change_a_mean, "pages.mean_", "45.5"),
    "parameter": (_change_a_parameter, "numeric.scale.with_mean", "false"),
    "truncation": (_truncate, "tokenizer.truncation", "max_length 16"),
    "special tokens": (
        _read_special_tokens_as_text,
        "tokenizer.encode_special_tokens",
        "true",
    ),
    "words": (_shorten_words, "tokenizer.model.max_input_chars_per_word", "3"),
    "vocabulary": (_exchange_the_model, "tokenizer.vocabulary", "understudy"),
    "length": (_cut_shorter, "text.max_length", "9"),
    "tail": (_keep_the_tail, "text.long", '"head-tail"'),
    "schema": (_rename_a_category, "court.categories", '"Mars"'),
    "frame": (_fill_otherwise, "pages.frame.missing", "0"),
}


def test_unchanged_passes_again_and_again(bundle: Bundle) -> None:
    """Nothing is found in what nobody changed, and every comparison is counted."""
    rechecker = Rechecker(bundle)
    assert (rechecker.rechecks, rechecker.rechecked_at) == (0, None)

    assert [rechecker.recheck() for _ in range(3)] == [(), (), ()]

    assert rechecker.rechecks == 3
    assert rechecker.rechecked_at is not None


@pytest.mark.parametrize("name", CHANGES)
def test_what_changed_is_found(bundle: Bundle, name: str) -> None:
    """Any change, by whatever force, is told with both values and what to do."""
    change, subject, observed = CHANGES[name]
    rechecker = Rechecker(bundle)
    rechecker.recheck()
    change(bundle)

    findings = list(rechecker.recheck())

    whole = the_finding(findings, "preprocessing_changed", "preprocessing")
    assert whole.expected == bundle.manifest.preprocessing.fingerprint != whole.observed
    finding = the_finding(findings, "preprocessing_changed", subject)
    assert observed in finding.observed
    assert finding.expected != finding.observed
    assert all(RESTART in one.remedy for one in findings)
    assert {one.subject for one in findings} == {"preprocessing", subject}


def _drop_the_steps(bundle: Bundle) -> None:
    force(bundle.preprocessing.columns, "_compiled", None)


def _drop_a_layer(bundle: Bundle) -> None:
    force(compiled_of(bundle.preprocessing.columns), "layers", ())


def _rewrite_a_table(bundle: Bundle) -> None:
    compiled = compiled_of(bundle.preprocessing.columns)
    assert compiled is not None
    # Behind a mapping that nobody can write to stands a dictionary, for who looks for it.
    (known,) = gc.get_referents(compiled.tables[0].known)
    known["NDCA"] = known["SDNY"]


@pytest.mark.parametrize("change", [_drop_the_steps, _drop_a_layer, _rewrite_a_table])
def test_changed_compiled_steps_are_found(bundle: Bundle, change: Callable[[Bundle], None]) -> None:
    """What answers in the estimator's place is watched like the estimator."""
    rechecker = Rechecker(bundle)
    assert rechecker.recheck() == ()
    change(bundle)

    (finding,) = rechecker.recheck()

    assert (finding.code, finding.subject) == ("preprocessing_changed", "preprocessing")
    assert finding.observed == "another state of the same fingerprint"
    assert RESTART in finding.remedy


def test_findings_are_never_taken_back(bundle: Bundle) -> None:
    """What changed once was used meanwhile: putting it back does not make it good."""
    rechecker = Rechecker(bundle)
    scaler_of(bundle).with_mean = False
    found = rechecker.recheck()
    scaler_of(bundle).with_mean = True

    assert found
    assert rechecker.recheck() == rechecker.findings == found


@pytest.mark.parametrize("value", [45.5, object()])
def test_what_a_transform_puts_back_does_not_count(bundle: Bundle, value: object) -> None:
    """Some estimators write to themselves meanwhile: what differs is looked at again at rest."""
    rechecker, scaler = Rechecker(bundle), scaler_of(bundle)
    scaler.written_ = value
    rests = []

    class AtRest(AbstractContextManager[None]):
        """Stands for waiting until the transform that is under way has put it back."""

        def __enter__(self) -> None:
            rests.append(True)
            del scaler.written_

        def __exit__(self, *_: object) -> None:
            pass

    force(bundle.preprocessing.columns, "estimator_lock", AtRest())

    assert rechecker.recheck() == ()
    assert rests == [True]


def test_what_cannot_be_compared_is_a_finding(bundle: Bundle) -> None:
    """A comparison that raises has not passed, and says what it met."""
    rechecker = Rechecker(bundle)
    scaler_of(bundle).strange_ = object()

    (finding,) = rechecker.recheck()

    assert (finding.code, finding.subject) == ("recheck_failed", "preprocessing")
    assert finding.observed == "TypeError: a preprocessing cannot hold a builtins.object"
    assert RESTART in finding.remedy
    assert rechecker.rechecks == 1


def test_private_values_stay_private(champion: Path, copied: Callable[[Path], Path]) -> None:
    """Of a private column a finding says that it changed, and none of its values."""
    path = copied(champion)

    def make_private(manifest: JsonObject) -> None:
        for column in (*manifest["inputs"]["numeric"], *manifest["inputs"]["categorical"]):
            column["private"] = True

    edit_manifest(path, make_private)
    agree(path)
    bundle = open_bundle(path)
    rechecker = Rechecker(bundle)
    _change_a_mean(bundle)
    _rename_a_category(bundle)

    findings = list(rechecker.recheck())

    for subject in ("pages.mean_", "court.categories"):
        finding = the_finding(findings, "preprocessing_changed", subject)
        assert finding.observed.startswith("private, sha256:")
    assert not any("45.5" in str(one) or "Mars" in str(one) for one in findings)

    failing = Rechecker(bundle)
    scaler_of(bundle).strange_ = object()
    (finding,) = failing.recheck()
    assert finding.observed == "TypeError"


def test_text_alone(bundle_of: Callable[[str], Path]) -> None:
    """A bundle without columns is compared by its tokenizer, its schema and its length."""
    bundle = open_bundle(bundle_of("sealed bert"))
    assert bundle.preprocessing.columns is None
    rechecker = Rechecker(bundle)
    assert rechecker.recheck() == ()

    _truncate(bundle)

    the_finding(list(rechecker.recheck()), "preprocessing_changed", "tokenizer.truncation")

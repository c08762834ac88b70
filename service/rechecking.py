"""Is the champion's preprocessing still what was sealed? Asked from time to time while it serves.

The faces of columns and tokenizer refuse to change, and Python lets anybody climb over them. So
what they hold is digested again, off the request path, and compared with what the guard passed
when the bundle was opened. A re-check works in steps of about a millisecond and rests in between,
so that a request that needs the interpreter does not wait for the whole of it. One step is longer:
writing the tokenizer out is one call of its library, 3 ms for 30,000 tokens.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from artifacts.frames import frame_of
from artifacts.sealed_columns import compiled_of, estimator_of
from artifacts.sealing import fingerprint_of
from artifacts.tokenizer import canonical_json
from guards.errors import Finding, first_line
from guards.integrity import describe
from guards.integrity.changes import changed_values
from guards.integrity.comparison import preprocessing_facts
from guards.integrity.fingerprint import digesting
from guards.integrity.manifest import Preprocessing as SealedPreprocessing
from guards.integrity.manifest import Text

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from artifacts.opening import Bundle
    from artifacts.preprocessing import Preprocessing
    from guards.integrity.manifest import Manifest

    Steps = Generator[None, None, tuple[object, ...]]

__all__ = ["Rechecker"]

_WORK_S = 0.001
_REST_S = 0.004

_RESTART = "restart the service, and find what changed the preprocessing while it ran"

_logger = logging.getLogger("bentoml.understudy")

T = TypeVar("T")


class Rechecker:
    """Compares a bundle's live preprocessing with what it was when the guard passed it.

    ``rechecks`` counts the comparisons, ``rechecked_at`` is when the last one ended, and
    ``findings`` are those of the first that failed: they are never taken back. Used from one thread
    at a time.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Remember the preprocessing of a bundle that was just opened."""
        self._bundle = bundle
        self._passed = _run(_marks(bundle.preprocessing))
        self.rechecks = 0
        self.rechecked_at: datetime | None = None
        self.findings: tuple[Finding, ...] = ()

    def recheck(self) -> tuple[Finding, ...]:
        """Compare once more, and say what changed; a comparison that fails is a finding too."""
        try:
            found = self._compare()
        except Exception as error:  # noqa: BLE001 (whatever it is, nothing was compared)
            found = (self._failed(error),)
        self.findings = self.findings or found
        self.rechecked_at = datetime.now(UTC)
        self.rechecks += 1
        return self.findings

    def _compare(self) -> tuple[Finding, ...]:
        preprocessing = self._bundle.preprocessing
        # What fails or differs here may just have been written to: it is looked at once more.
        with contextlib.suppress(Exception):
            if _run(_marks(preprocessing), _REST_S) == self._passed:
                return ()
        columns = preprocessing.columns
        with contextlib.nullcontext() if columns is None else columns.at_rest:
            if _run(_marks(preprocessing)) == self._passed:
                return ()
            return tuple(_findings(self._bundle.manifest, preprocessing))

    def _failed(self, error: Exception) -> Finding:
        # The error's own words may quote a value.
        private = self._bundle.manifest.schema_.private
        words = type(error).__name__ + ("" if private else f": {first_line(error)}")
        where = "".join(traceback.format_tb(error.__traceback__))
        _logger.error("the preprocessing could not be compared again: %s\n%s", words, where)
        return Finding(
            code="recheck_failed",
            subject="preprocessing",
            expected="a preprocessing that can be compared with what was sealed",
            observed=words,
            remedy=_RESTART,
        )


def _marks(preprocessing: Preprocessing) -> Steps:
    """Give values that are equal as long as the preprocessing is; yields between small steps."""
    tokenizer, columns = preprocessing.tokenizer, preprocessing.columns
    text = tokenizer.to_str()
    yield
    data = text.encode()
    yield
    words = hashlib.sha256(data).hexdigest()
    yield
    fitted = yield from digesting(estimator_of(columns))
    compiled = compiled_of(columns)
    steps = yield from digesting(None if compiled is None else compiled.state)
    frame = None if columns is None else columns.frame.to_json()
    rest = (preprocessing.schema.to_json(), preprocessing.cut.to_json(), frame)
    digested = yield from digesting(rest)
    return words, tokenizer.encode_special_tokens, fitted, steps, digested


def _run(steps: Generator[None, None, T], rest_s: float = 0.0) -> T:
    """Run steps to their end, with a rest after every millisecond of work."""
    started = time.perf_counter()
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
        if rest_s and time.perf_counter() - started > _WORK_S:
            time.sleep(rest_s)
            started = time.perf_counter()


def _findings(sealed: Manifest, preprocessing: Preprocessing) -> Iterator[Finding]:
    live = _as_sealed_now(sealed, preprocessing)
    expected, observed = sealed.preprocessing.fingerprint, live.preprocessing.fingerprint
    if observed == expected:
        observed = "another state of the same fingerprint"
    yield Finding("preprocessing_changed", "preprocessing", expected, observed, _RESTART)
    for before, now in preprocessing_facts(_with_frame(sealed), live):
        yield from changed_values(sealed.schema_, before, now, _RESTART)


def _as_sealed_now(sealed: Manifest, preprocessing: Preprocessing) -> Manifest:
    """Give the manifest that a bundle of this preprocessing would have."""
    inputs = preprocessing.schema.to_json()
    tokenizer, columns = preprocessing.tokenizer, preprocessing.columns
    state = describe(estimator_of(columns), json.loads(canonical_json(tokenizer)))
    if tokenizer.encode_special_tokens:
        state["tokenizer.encode_special_tokens"] = True
    return sealed.model_copy(
        update={
            "labels": list(inputs.pop("labels")),
            "inputs": inputs,
            "text": Text.model_construct(**preprocessing.cut.to_json()),
            "preprocessing": SealedPreprocessing.model_construct(
                fingerprint=fingerprint_of(preprocessing),
                state=state,
                frame=None if columns is None else columns.frame.to_json(),
            ),
        }
    )


def _with_frame(sealed: Manifest) -> Manifest:
    """Say the frame where a manifest leaves it out, so that a change is told column by column."""
    declared, schema = sealed.preprocessing, sealed.schema_
    if declared.frame is not None or not schema.columns:
        return sealed
    frame = frame_of(schema).to_json()
    return sealed.model_copy(update={"preprocessing": declared.model_copy(update={"frame": frame})})

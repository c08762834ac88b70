"""Check again, while the champion serves, that its preprocessing is still what was sealed.

Columns and tokenizer refuse to change, but that protects against accidents only:
``object.__setattr__`` bypasses it. So their state is digested again, off the request path, and
compared with the state in which the bundle was opened. A re-check works in steps of about a
millisecond and rests in between, so that a request that needs the interpreter does not wait for all
of it. Of a tokenizer, the settings and tokens are compared, and what it makes of the probes, which
merges and scores decide too.
"""

from __future__ import annotations

import contextlib
import dataclasses
import logging
import time
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from artifacts.bundle.column_inputs import column_inputs_of
from artifacts.bundle.fingerprint import fingerprint_of
from artifacts.bundle.sealed_columns import compiled_of, estimator_of
from artifacts.bundle.tokenizer import as_sealed, parsed
from guards.errors import Finding, first_line
from guards.integrity.differences.as_findings import changed_values
from guards.integrity.differences.bundle_diff import Declaration, preprocessing_facts
from guards.integrity.state.description import describe
from guards.integrity.state.fingerprint import digesting

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Preprocessing
    from guards.bundle.manifest import Manifest

    Steps = Generator[None, None, tuple[object, ...]]

__all__ = ["Rechecker"]

_WORK_S = 0.001
_REST_S = 0.004

_RESTART = "restart the service, and find what changed the preprocessing while it ran"

_logger = logging.getLogger("bentoml.understudy")

T = TypeVar("T")


class Rechecker:
    """Compares a bundle's live preprocessing with what it was when it was verified.

    ``rechecks`` counts the comparisons, ``rechecked_at`` is when the last one ended, and
    ``findings`` are those of the first that failed; they are never cleared. Not thread-safe.
    """

    def __init__(self, bundle: Bundle) -> None:
        """Remember the preprocessing of a bundle that was just opened."""
        self._bundle = bundle
        self._passed = _run(self._marks())
        self.rechecks = 0
        self.rechecked_at: datetime | None = None
        self.findings: tuple[Finding, ...] = ()

    def recheck(self) -> tuple[Finding, ...]:
        """Compare once more and return what changed; a comparison that raises is a finding too."""
        try:
            findings = self._compare()
        except Exception as error:  # noqa: BLE001 (whatever it is, nothing was compared)
            findings = (self._failed(error),)
        self.findings = self.findings or findings
        self.rechecked_at = datetime.now(UTC)
        self.rechecks += 1
        return self.findings

    def _compare(self) -> tuple[Finding, ...]:
        preprocessing = self._bundle.preprocessing
        # A state that is just being written to may raise or differ: it is read once more, at rest.
        with contextlib.suppress(Exception):
            if _run(self._marks(), _REST_S) == self._passed:
                return ()
        columns = preprocessing.columns
        with contextlib.nullcontext() if columns is None else columns.estimator_lock:
            if _run(self._marks()) == self._passed:
                return ()
            return tuple(_findings(self._bundle.manifest, preprocessing))

    def _marks(self) -> Steps:
        """Return values that are equal as long as the preprocessing is; yields in small steps."""
        preprocessing = self._bundle.preprocessing
        tokenizer, columns = as_sealed(preprocessing.tokenizer), preprocessing.columns
        words = yield from tokenizer.digesting()
        ids = []
        for document in self._bundle.probe_documents:
            ids.append(tokenizer.token_ids([document["text"]]))
            yield
        fitted = yield from digesting(estimator_of(columns))
        compiled = compiled_of(columns)
        steps = yield from digesting(None if compiled is None else compiled.state)
        column_inputs = None if columns is None else columns.column_inputs.to_json()
        rest = (preprocessing.schema.to_json(), preprocessing.truncation.to_json(), column_inputs)
        digested = yield from digesting(rest)
        return words, ids, fitted, steps, digested

    def _failed(self, error: Exception) -> Finding:
        # The error's message may quote a value.
        private = self._bundle.manifest.build_schema().private
        words = type(error).__name__ + ("" if private else f": {first_line(error)}")
        stack = "".join(traceback.format_tb(error.__traceback__))
        _logger.error("the preprocessing could not be compared again: %s\n%s", words, stack)
        return Finding(
            code="recheck_failed",
            subject="preprocessing",
            expected="a preprocessing that can be compared with what was sealed",
            observed=words,
        )


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
    expected, observed = sealed.preprocessing.fingerprint, fingerprint_of(preprocessing)
    if observed == expected:
        observed = "another state of the same fingerprint"
    yield Finding("preprocessing_changed", "preprocessing", expected, observed, _RESTART)
    # The live preprocessing shares the manifest's own schema, and may have changed it.
    schema = sealed.build_schema()
    declared = _with_column_inputs(dataclasses.replace(Declaration.of(sealed), schema=schema))
    for before, now in preprocessing_facts(declared, _declaration(preprocessing)):
        yield from changed_values(schema, before, now, _RESTART)


def _declaration(preprocessing: Preprocessing) -> Declaration:
    """Return what the manifest of a bundle with this preprocessing would declare."""
    tokenizer, columns = preprocessing.tokenizer, preprocessing.columns
    state = describe(estimator_of(columns), parsed(tokenizer))
    if tokenizer.encode_special_tokens:
        state["tokenizer.encode_special_tokens"] = True
    return Declaration(
        schema=preprocessing.schema,
        text=preprocessing.truncation.to_json(),
        state=state,
        column_inputs=None if columns is None else columns.column_inputs.to_json(),
    )


def _with_column_inputs(declared: Declaration) -> Declaration:
    """Add the default input form where a manifest has none, so that changes are named by column."""
    if declared.column_inputs is not None or not declared.schema.columns:
        return declared
    return dataclasses.replace(declared, column_inputs=column_inputs_of(declared.schema).to_json())

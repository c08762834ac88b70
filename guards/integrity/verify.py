"""Verify a bundle, stage by stage, from bytes that are read once and parts that are parsed once.

The bytes against the manifest; the signature and the pin, if they are required; what the parts
announce against what they hold; the preprocessing against its fingerprint and against the one that
the weights were trained with; the network's labels against the schema's; the environment against
the policy; and last the probes, on the very objects that will serve.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Protocol, TypeVar

from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST, TOKENIZER
from guards.bundle.sealed_files import PartsDiffer, SealedFiles, read_sealed
from guards.bundle.signature import check_signature, read_public_keys
from guards.errors import Finding, GuardRefused, PartError, first_line
from guards.integrity.differences.as_findings import changed_values
from guards.integrity.differences.text import LABELS, difference_in_words
from guards.integrity.environment import (
    environment_differences,
    exact_environment,
    with_libraries,
)
from guards.integrity.headers.check import check_headers
from guards.integrity.parity import check_parity
from guards.integrity.probes import compare_outputs
from guards.integrity.requirements import NO_REQUIREMENTS, Requirements, trust_options
from guards.integrity.state.description import describe
from guards.integrity.state.fingerprint import digest, preprocessing_fingerprint
from guards.integrity.structure import (
    check_columns,
    check_output_width,
    check_vocabulary,
    check_width,
)
from guards.integrity.unpickling.unpickler import ForbiddenGlobals, loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from guards.bundle.probes import ProbeOutputs
    from guards.findings import Code
    from guards.json_types import JsonMapping

__all__ = ["Loaded", "verify"]

_PREPROCESSING = {COLUMNS, TOKENIZER}

_NO_ANSWER = "probes"
"""The subject of the finding that probes raised; other findings name the stage that differs."""


class Loaded(Protocol):
    """What the caller builds from verified bytes, and the guard then probes."""

    def probe(self, documents: Sequence[JsonMapping]) -> ProbeOutputs:
        """Run documents through preprocessing and network."""


LoadedT = TypeVar("LoadedT", bound=Loaded)


def verify(
    path: Path,
    load: Callable[[SealedFiles, object], LoadedT],
    requirements: Requirements = NO_REQUIREMENTS,
) -> tuple[LoadedT, list[Finding]]:
    """Verify the bundle at ``path`` and return what ``load`` built from its bytes.

    ``load`` takes the sealed files and the unpickled columns (None if there are none). The list
    holds the findings that the environment policy ``allow`` tolerates. Raises ``GuardRefused`` with
    all findings of the first stage that fails, and ``CallError``, before anything is read, if a
    path among ``signature_keys`` is not a public key.
    """
    try:
        return _verify(path, load, requirements)
    except PartError as error:
        raise GuardRefused(str(path), error.findings) from error


def _verify(
    path: Path,
    load: Callable[[SealedFiles, object], LoadedT],
    requirements: Requirements,
) -> tuple[LoadedT, list[Finding]]:
    keys = read_public_keys(requirements.signature_keys)
    sealed = _read_with_reasons(path, keys, requirements)
    _refuse_if_any(path, _check_signature(sealed, keys))
    _refuse_if_any(path, _check_pin(sealed, requirements.pin))
    _refuse_if_any(path, check_headers(sealed))
    columns = _unpickle_columns(sealed, requirements.trusted)
    for stage in (
        _check_preprocessing(sealed, columns),
        _check_network(sealed),
        _check_structure(sealed, columns),
        check_parity(requirements.kept(sealed.manifest.engines), sealed.manifest.parity or {}),
    ):
        _refuse_if_any(path, stage)
    if requirements.environment == "exact":
        _refuse_if_any(path, exact_environment(sealed.manifest.environment))
    loaded = _load(sealed, columns, load)
    environment = sealed.manifest.environment
    findings = list(with_libraries([*_check_probes(sealed, loaded)], environment))
    allowed = requirements.environment == "allow" and environment_differences(environment)
    # Where a probe raised, nothing can be served, whatever the policy allows.
    if not allowed or any(finding.subject == _NO_ANSWER for finding in findings):
        _refuse_if_any(path, findings)
    return loaded, findings


def _refuse_if_any(path: Path, findings: Iterable[Finding]) -> None:
    findings = list(findings)
    if findings:
        raise GuardRefused(str(path), findings)


def _read_with_reasons(
    path: Path, keys: Mapping[str, Ed25519PublicKey], requirements: Requirements
) -> SealedFiles:
    """Read the bundle; if a preprocessing file changed, report which of its values did.

    That takes unpickling a file that was not sealed, so it is not done if a signature is required,
    nor by a process that may only load what another one has judged.
    """
    try:
        return read_sealed(path, requirements.judged)
    except PartsDiffer as refusal:
        if requirements.judged is not None:
            raise
        sealed = refusal.sealed
        reasons = (
            _check_signature(sealed, keys)
            if keys
            else _changed_values(sealed, refusal, requirements.trusted)
        )
        raise GuardRefused(str(path), [*refusal.findings, *reasons]) from None


def _check_signature(
    sealed: SealedFiles, keys: Mapping[str, Ed25519PublicKey]
) -> Iterator[Finding]:
    return check_signature(sealed.signature, sealed.manifest.fingerprint, keys)


def _changed_values(
    sealed: SealedFiles, refusal: PartsDiffer, trusted: Sequence[str]
) -> list[Finding]:
    changed = {f.subject for f in refusal.findings if f.code == "part_changed"}
    wanted = sealed.manifest.parts.keys() & _PREPROCESSING
    if not changed & _PREPROCESSING or not wanted <= sealed.files.keys():
        return []
    try:
        columns = _unpickle_columns(sealed, trusted)
        return list(_value_findings(sealed, columns))
    except PartError as error:
        return list(error.findings)


def _value_findings(sealed: SealedFiles, columns: object) -> Iterator[Finding]:
    """Yield a finding for each value that differs, as far as ``columns`` can be described."""
    manifest, tokenizer = sealed.manifest, sealed.tokenizer
    try:
        digest(columns)  # refuses what is too large to be described
        observed = describe(columns, tokenizer)
    except Exception:  # noqa: BLE001 (an estimator from elsewhere may raise anything)
        return
    yield from changed_values(manifest.schema_, manifest.preprocessing.state, observed)


def _unpickle_columns(sealed: SealedFiles, trusted: Sequence[str]) -> object:
    """Load the columns from allowed globals, and those that manifest and operator both name."""
    data = sealed.files.get(COLUMNS)
    if data is None:
        return None
    recorded = frozenset(sealed.manifest.trusted)
    try:
        return loads(data, COLUMNS, recorded & frozenset(trusted))
    except ForbiddenGlobals as refusal:
        unconfirmed = [name for name in refusal.names if name in recorded]
        named = zip(refusal.names, refusal.findings, strict=True)
        findings = [finding for name, finding in named if name not in recorded]
        if unconfirmed:
            findings.insert(0, _unconfirmed(unconfirmed))
        raise PartError(*findings) from None


def _unconfirmed(names: Sequence[str]) -> Finding:
    return Finding(
        code="unpickling_refused",
        subject=COLUMNS,
        expected=f"{', '.join(names)}, which the bundle was sealed with, to be confirmed by who "
        "runs it",
        observed="listed as trusted in the manifest, but not confirmed with --trust or "
        "UNDERSTUDY_TRUST",
        remedy="read the code of what is named: loading the bundle runs it; then give "
        f"`{trust_options(names)}`, or set UNDERSTUDY_TRUST={shlex.quote(','.join(names))}",
    )


def _check_pin(sealed: SealedFiles, pin: str | None) -> Iterator[Finding]:
    observed = sealed.manifest.fingerprint
    if pin is not None and observed != pin:
        yield Finding("pinned_other", MANIFEST, pin, observed)


def _check_preprocessing(sealed: SealedFiles, columns: object) -> Iterator[Finding]:
    manifest = sealed.manifest
    expected = manifest.preprocessing.fingerprint
    try:
        observed = preprocessing_fingerprint(
            columns,
            sealed.tokenizer,
            {**manifest.inputs, "labels": manifest.labels},
            manifest.text.to_json(),
            manifest.preprocessing.column_inputs,
        )
    except (TypeError, RecursionError) as error:
        yield Finding("preprocessing_changed", COLUMNS, expected, str(error))
        return
    if observed != expected:
        yield Finding("preprocessing_changed", "preprocessing", expected, observed)
        yield from _value_findings(sealed, columns)


def _check_network(sealed: SealedFiles) -> Iterator[Finding]:
    config = sealed.config
    manifest = sealed.manifest
    trained_with = config.get("preprocessing_fingerprint")
    if trained_with != manifest.preprocessing.fingerprint:
        yield Finding(
            "preprocessing_mismatch",
            "model weights",
            f"trained with the preprocessing of this bundle, {manifest.preprocessing.fingerprint}",
            f"trained with {trained_with}",
        )
    names = config.get("id2label")
    order = [names.get(str(row)) for row in range(len(names))] if isinstance(names, dict) else []
    if order != manifest.labels:
        words = difference_in_words(LABELS, manifest.labels, order)
        yield Finding(
            "labels_changed",
            CONFIG,
            f"labels in the order {words.expected}",
            words.observed,
        )


def _check_structure(sealed: SealedFiles, columns: object) -> Iterator[Finding]:
    yield from check_columns(sealed.manifest, columns)
    width = sealed.probes.expected.columns.shape[1]
    yield from check_output_width(columns, width)
    yield from check_width(sealed.config, width)
    yield from check_vocabulary(sealed.config, sealed.tokenizer)


def _load(
    sealed: SealedFiles, columns: object, load: Callable[[SealedFiles, object], LoadedT]
) -> LoadedT:
    try:
        return load(sealed, columns)
    except GuardRefused:
        raise
    except Exception as error:  # whatever goes wrong here is a refusal
        raise PartError(_failed("load_failed", "model", "a network that loads", error)) from error


def _check_probes(sealed: SealedFiles, loaded: Loaded) -> Iterator[Finding]:
    probes = sealed.probes
    try:
        observed = loaded.probe(probes.documents)
    except Exception as error:  # noqa: BLE001 (whatever goes wrong here is a refusal)
        yield _failed("probe_failed", _NO_ANSWER, "answers for every probe", error)
        return
    yield from compare_outputs(probes.expected, observed, sealed.manifest.labels)


def _failed(code: Code, subject: str, expected: str, error: Exception) -> Finding:
    return Finding(code, subject, expected, f"{type(error).__name__}: {first_line(error)}")

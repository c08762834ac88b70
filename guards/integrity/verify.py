"""The whole judgement of a bundle, in order, from bytes that are read once.

Bytes against the manifest; where they are demanded, its signature and its pin; the preprocessing's
meaning against its fingerprint and against the one that the weights were trained with; the
network's labels against the schema's; the environment against the policy; and last the probes, on
the very objects that will serve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from guards.errors import Finding, GuardRefused, PartError, first_line
from guards.integrity.changes import changed_values
from guards.integrity.demands import Demands
from guards.integrity.description import describe
from guards.integrity.environment import (
    environment_differences,
    exact_environment,
    with_libraries,
)
from guards.integrity.fingerprint import digest, preprocessing_fingerprint
from guards.integrity.manifest import SealedFiles, read_sealed
from guards.integrity.parity import check_parity
from guards.integrity.probes import ProbeOutputs, Probes
from guards.integrity.signature import check_signature, read_public_keys
from guards.integrity.structure import check_columns, check_vocabulary, check_width
from guards.integrity.unpickling import ForbiddenGlobal, loads
from guards.integrity.wording import LABELS, difference_in_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from guards.errors import Code

__all__ = ["COLUMNS", "CONFIG", "TOKENIZER", "Loaded", "verify"]

COLUMNS = "preprocessing/columns.joblib"
TOKENIZER = "preprocessing/tokenizer.json"
CONFIG = "model/config.json"
_PREPROCESSING = {COLUMNS, TOKENIZER}

_NO_ANSWER = "probes"
"""The subject of the finding that probes raised; other findings name the stage that differs."""

_SEAL_AGAIN = "restore the preprocessing that the weights were trained with, or train again"


class Loaded(Protocol):
    """What the caller builds from verified bytes, and the guard then probes."""

    def probe(self, documents: Sequence[Mapping[str, Any]]) -> ProbeOutputs:
        """Run documents through preprocessing and network."""


LoadedT = TypeVar("LoadedT", bound=Loaded)

_NO_DEMANDS = Demands()


def verify(
    path: Path,
    load: Callable[[SealedFiles, object], LoadedT],
    demands: Demands = _NO_DEMANDS,
) -> tuple[LoadedT, list[Finding]]:
    """Judge the bundle at ``path`` and give what ``load`` built from its verified bytes.

    ``load`` takes the sealed files and the unpickled columns (None when there are none). The list
    holds the findings that the environment policy ``allow`` tolerates. Raises ``GuardRefused`` with
    every finding that the first failing stage has, and ``CallError``, before anything is read, for
    a key that is none.
    """
    try:
        return _verify(path, load, demands)
    except PartError as error:
        raise GuardRefused(str(path), error.findings) from error


def _verify(
    path: Path,
    load: Callable[[SealedFiles, object], LoadedT],
    demands: Demands,
) -> tuple[LoadedT, list[Finding]]:
    keys = read_public_keys(demands.signature_keys)
    sealed = _read_with_reasons(path, keys, demands.trusted)
    _refuse_if_any(path, _check_signature(sealed, keys))
    _refuse_if_any(path, _check_pin(sealed, demands.pin))
    columns = _unpickle_columns(sealed, demands.trusted)
    for stage in (
        _check_preprocessing(sealed, columns),
        _check_network(sealed),
        _check_structure(sealed, columns),
    ):
        _refuse_if_any(path, stage)
    if demands.environment == "exact":
        _refuse_if_any(path, exact_environment(sealed.manifest.environment))
    loaded = _load(sealed, columns, load)
    found = list(with_libraries([*_check_probes(sealed, loaded)], sealed.manifest.environment))
    others = environment_differences(sealed.manifest.environment)
    if demands.environment != "allow" or not others or _silent(found):
        _refuse_if_any(path, iter(found))
    return loaded, found


def _silent(found: Sequence[Finding]) -> bool:
    """Tell whether a probe was not even answered: nothing can be served then, allowed or not."""
    return any(finding.subject == _NO_ANSWER for finding in found)


def _refuse_if_any(path: Path, findings: Iterator[Finding]) -> None:
    found = list(findings)
    if found:
        raise GuardRefused(str(path), found)


def _read_with_reasons(
    path: Path, keys: Mapping[str, Ed25519PublicKey], trusted: Sequence[str]
) -> SealedFiles:
    """Read the bundle; where a preprocessing file changed, say which of its values did.

    To say so is to unpickle what nobody sealed. Where a signature is demanded that is not done.
    """
    try:
        return read_sealed(path)
    except GuardRefused as refusal:
        sealed = refusal.sealed
        if sealed is None:
            raise
        reasons = (
            _check_signature(sealed, keys) if keys else _changed_values(sealed, refusal, trusted)
        )
        raise GuardRefused(str(path), [*refusal.findings, *reasons]) from None


def _check_signature(
    sealed: SealedFiles, keys: Mapping[str, Ed25519PublicKey]
) -> Iterator[Finding]:
    return check_signature(sealed.signature, sealed.manifest.fingerprint, keys)


def _changed_values(
    sealed: SealedFiles, refusal: GuardRefused, trusted: Sequence[str]
) -> list[Finding]:
    changed = {f.subject for f in refusal.findings if f.code == "part_changed"}
    wanted = sealed.manifest.parts.keys() & _PREPROCESSING
    if not changed & _PREPROCESSING or not wanted <= sealed.files.keys():
        return []
    try:
        columns = _unpickle_columns(sealed, trusted)
        return list(_value_findings(sealed, columns, sealed.json(TOKENIZER)))
    except PartError as error:
        return list(error.findings)


def _value_findings(
    sealed: SealedFiles, columns: object, tokenizer: Mapping[str, Any]
) -> Iterator[Finding]:
    """Say which values differ, as far as an object that may be anything can be described."""
    manifest = sealed.manifest
    try:
        digest(columns)  # refuses what is too large to be described
        observed = describe(columns, tokenizer)
    except Exception:  # noqa: BLE001 (an estimator of somebody's making may raise anything)
        return
    yield from changed_values(manifest.schema_, manifest.preprocessing.state, observed, _SEAL_AGAIN)


def _unpickle_columns(sealed: SealedFiles, trusted: Sequence[str]) -> object:
    """Load the columns: the allowlist, and what both the manifest and the operator name."""
    data = sealed.files.get(COLUMNS)
    if data is None:
        return None
    recorded = frozenset(sealed.manifest.trusted)
    try:
        return loads(data, COLUMNS, recorded & frozenset(trusted))
    except ForbiddenGlobal as refusal:
        if refusal.wanted in recorded:
            raise PartError(_unconfirmed(refusal.wanted)) from None
        raise


def _unconfirmed(wanted: str) -> Finding:
    return Finding(
        code="unpickling_refused",
        subject=COLUMNS,
        expected=f"{wanted}, which the bundle was sealed with, to be confirmed by who runs it",
        observed="the manifest names it, and nothing here confirms it",
        remedy=f"read the code of {wanted}: loading the bundle runs it; then give `--trust "
        f"{wanted}`, or add it to UNDERSTUDY_TRUST",
    )


def _check_pin(sealed: SealedFiles, pin: str | None) -> Iterator[Finding]:
    observed = sealed.manifest.fingerprint
    if pin is not None and observed != pin:
        yield Finding(
            "pinned_other",
            "manifest.json",
            pin,
            observed,
            "deploy the pinned bundle, or change PIN",
        )


def _check_preprocessing(sealed: SealedFiles, columns: object) -> Iterator[Finding]:
    manifest = sealed.manifest
    expected = manifest.preprocessing.fingerprint
    try:
        tokenizer = sealed.json(TOKENIZER)
        observed = preprocessing_fingerprint(
            columns,
            tokenizer,
            {**manifest.inputs, "labels": manifest.labels},
            manifest.text.to_json(),
            manifest.preprocessing.frame,
        )
    except (TypeError, RecursionError) as error:
        yield Finding("preprocessing_changed", COLUMNS, expected, str(error), _SEAL_AGAIN)
        return
    if observed != expected:
        yield Finding("preprocessing_changed", "preprocessing", expected, observed, _SEAL_AGAIN)
        yield from _value_findings(sealed, columns, tokenizer)


def _check_network(sealed: SealedFiles) -> Iterator[Finding]:
    config = sealed.json(CONFIG)
    manifest = sealed.manifest
    trained_with = config.get("preprocessing_fingerprint")
    if trained_with != manifest.preprocessing.fingerprint:
        yield Finding(
            "preprocessing_mismatch",
            "model weights",
            f"trained with the preprocessing of this bundle, {manifest.preprocessing.fingerprint}",
            f"trained with {trained_with}",
            _SEAL_AGAIN,
        )
    order = _labels_in_order(config.get("id2label"))
    if order != manifest.labels:
        words = difference_in_words(LABELS, manifest.labels, order)
        yield Finding(
            "labels_changed",
            CONFIG,
            f"labels in the order {words.expected}",
            words.observed,
            "restore the configuration that the weights were trained with",
        )


def _check_structure(sealed: SealedFiles, columns: object) -> Iterator[Finding]:
    config = sealed.json(CONFIG)
    yield from check_columns(sealed.manifest, columns)
    yield from check_width(config, Probes.from_files(sealed.files).expected.columns.shape[1])
    yield from check_vocabulary(config, sealed.json(TOKENIZER))
    yield from check_parity(sealed.manifest.engines, sealed.manifest.parity or {})


def _labels_in_order(id2label: object) -> list[object]:
    if not isinstance(id2label, dict):
        return []
    return [id2label.get(str(index)) for index in range(len(id2label))]


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
    probes = Probes.from_files(sealed.files)
    try:
        observed = loaded.probe(probes.documents)
    except Exception as error:  # noqa: BLE001 (whatever goes wrong here is a refusal)
        yield _failed("probe_failed", _NO_ANSWER, "answers for every probe", error)
        return
    yield from probes.compare(observed, sealed.manifest.labels)


def _failed(code: Code, subject: str, expected: str, error: Exception) -> Finding:
    return Finding(
        code,
        subject,
        expected,
        f"{type(error).__name__}: {first_line(error)}",
        "install the library versions in the manifest's environment, or seal the bundle again",
    )

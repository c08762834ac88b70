"""The whole judgement of a bundle, in order, from bytes that are read once.

Bytes against the manifest; the preprocessing's meaning against its fingerprint and against the one
that the weights were trained with; the network's labels against the schema's; the environment
against the policy; and last the probes, on the very objects that will serve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from guards.errors import Finding, GuardRefused, PartError, first_line
from guards.integrity.demands import Demands
from guards.integrity.environment import environment_differences
from guards.integrity.fingerprint import (
    describe,
    difference_in_words,
    differences,
    digest,
    preprocessing_fingerprint,
)
from guards.integrity.manifest import SealedFiles, read_sealed
from guards.integrity.probes import ProbeOutputs, Probes
from guards.integrity.unpickling import loads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from guards.integrity.demands import Policy

__all__ = ["COLUMNS", "CONFIG", "TOKENIZER", "Loaded", "verify"]

COLUMNS = "preprocessing/columns.joblib"
TOKENIZER = "preprocessing/tokenizer.json"
CONFIG = "model/config.json"
_PREPROCESSING = {COLUMNS, TOKENIZER}

_MOST_DIFFERENCES = 20
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
    every finding that the first failing stage has.
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
    sealed = _read_with_reasons(path)
    _refuse_if_any(path, _check_pin(sealed, demands.pin))
    columns = _unpickle_columns(sealed)
    for stage in (
        _check_preprocessing(sealed, columns),
        _check_network(sealed),
        _check_environment(sealed, demands.environment),
    ):
        _refuse_if_any(path, stage)
    loaded = _load(sealed, columns, load)
    found = list(_check_probes(sealed, loaded))
    if demands.environment != "allow" or not environment_differences(sealed.manifest.environment):
        _refuse_if_any(path, iter(found))
    return loaded, found


def _refuse_if_any(path: Path, findings: Iterator[Finding]) -> None:
    found = list(findings)
    if found:
        raise GuardRefused(str(path), found)


def _read_with_reasons(path: Path) -> SealedFiles:
    """Read the bundle; where a preprocessing file changed, say which of its values did."""
    try:
        return read_sealed(path)
    except GuardRefused as refusal:
        sealed = refusal.sealed
        changed = {f.subject for f in refusal.findings if f.code == "part_changed"}
        if sealed is None or not changed & _PREPROCESSING:
            raise
        raise GuardRefused(str(path), [*refusal.findings, *_changed_values(sealed)]) from None


def _changed_values(sealed: SealedFiles) -> list[Finding]:
    if not sealed.manifest.parts.keys() & _PREPROCESSING <= sealed.files.keys():
        return []
    try:
        return list(_value_findings(sealed, _unpickle_columns(sealed), sealed.json(TOKENIZER)))
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
    private = tuple(f"{column}." for column in manifest.schema_.private)
    changed = list(differences(manifest.preprocessing.state, observed))
    for name, left, right in changed[:_MOST_DIFFERENCES]:
        in_words = _digests if name.startswith(private) else difference_in_words
        yield Finding("preprocessing_changed", name, *in_words(left, right), _SEAL_AGAIN)
    if len(changed) > _MOST_DIFFERENCES:
        more = f"{len(changed) - _MOST_DIFFERENCES} more values differ"
        yield Finding("preprocessing_changed", "…", "as sealed", more, _SEAL_AGAIN)


def _digests(expected: object, observed: object) -> tuple[str, str]:
    """Say that two values differ without saying either: they belong to a private column."""
    return f"private, {digest(expected)[:23]}…", f"private, {digest(observed)[:23]}…"


def _unpickle_columns(sealed: SealedFiles) -> object:
    data = sealed.files.get(COLUMNS)
    return None if data is None else loads(data, COLUMNS)


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
            manifest.schema_.to_json(),
            manifest.text.model_dump(),
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
        yield Finding(
            "labels_changed",
            CONFIG,
            f"labels in the order {manifest.labels}",
            f"{order}",
            "restore the configuration that the weights were trained with",
        )


def _labels_in_order(id2label: object) -> list[object]:
    if not isinstance(id2label, dict):
        return []
    return [id2label.get(str(index)) for index in range(len(id2label))]


def _check_environment(sealed: SealedFiles, policy: Policy) -> Iterator[Finding]:
    if policy != "exact":
        return
    for library, (expected, observed) in environment_differences(
        sealed.manifest.environment
    ).items():
        yield Finding(
            "environment_differs",
            library,
            expected,
            observed,
            f"install {library} {expected}, or set UNDERSTUDY_ENVIRONMENT_POLICY=probed",
        )


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
        yield _failed("probe_failed", "probes", "answers for every probe", error)
        return
    yield from probes.compare(observed, sealed.manifest.labels)


def _failed(code: str, subject: str, expected: str, error: Exception) -> Finding:
    return Finding(
        code,
        subject,
        expected,
        f"{type(error).__name__}: {first_line(error)}",
        "install the library versions in the manifest's environment, or seal the bundle again",
    )

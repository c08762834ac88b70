"""What differs between two bundles, section by section, from their verified bytes.

Names, versions, lineage and fingerprints differ between any two bundles, and are left out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from safetensors import SafetensorError, deserialize

from guards.bundle.layout import CONFIG, WEIGHTS
from guards.errors import Finding, GuardRefused, PartError
from guards.integrity.differences.state_diff import Privacy, differences
from guards.integrity.differences.text import LABELS, difference_in_words, digest_in_words
from guards.integrity.state.description import VOCABULARY
from guards.integrity.state.jsonable import jsonable
from guards.json_types import JsonMapping, JsonObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.bundle.manifest import Manifest
    from guards.bundle.sealed_files import SealedFiles
    from guards.schema import Schema

__all__ = [
    "SECTIONS",
    "BundleDiff",
    "Declaration",
    "Difference",
    "diff_bundles",
    "preprocessing_facts",
]

SECTIONS = ("preprocessing", "labels", "schema", "environment", "weights", "calibration")

_NO_ARCHITECTURE = {
    "_name_or_path",
    "id2label",
    "label2id",
    "num_labels",
    "preprocessing_fingerprint",
    "transformers_version",
}
"""What a network's configuration holds besides its architecture; other sections cover it."""

_MAX_NAMED = 3

Facts = JsonObject
"""Named values of one section of one bundle, as JSON."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: what each side has, as JSON, and both in one sentence.

    Of a private column ``a`` and ``b`` are digests; of a vocabulary they are the rows that differ.
    """

    section: str
    subject: str
    a: object
    b: object
    words: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """A preprocessing as a manifest declares it, or as a live one would be declared.

    ``text`` says how text is truncated, ``state`` names the fitted values, and ``column_inputs`` is
    the form in which the columns take their input, None for canonical values.
    """

    schema: Schema
    text: JsonMapping
    state: JsonMapping
    column_inputs: JsonObject | None

    @classmethod
    def of(cls, manifest: Manifest) -> Declaration:
        """Return what a manifest declares."""
        sealed = manifest.preprocessing
        return cls(manifest.schema_, manifest.text.to_json(), sealed.state, sealed.column_inputs)


@dataclass(frozen=True, slots=True)
class BundleDiff:
    """What differs between two bundles, in the order of ``SECTIONS``.

    ``a`` and ``b`` are their names, versions and fingerprints.
    """

    a: Mapping[str, str]
    b: Mapping[str, str]
    preprocessed_alike: bool
    differences: tuple[Difference, ...]

    @property
    def alike(self) -> bool:
        """Tell whether nothing differs but names, versions, lineage and fingerprints."""
        return not self.differences

    def to_json(self) -> JsonObject:
        """Return the diff as JSON."""
        return {
            "a": dict(self.a),
            "b": dict(self.b),
            "alike": self.alike,
            "preprocessed_alike": self.preprocessed_alike,
            "differences": [asdict(difference) for difference in self.differences],
        }


def diff_bundles(a: SealedFiles, b: SealedFiles) -> BundleDiff:
    """Compare two bundles by what their manifests declare, and their weights tensor by tensor.

    Raises ``GuardRefused`` if the configuration or the weights of one cannot be read.
    """
    left, right = a.manifest, b.manifest
    fitted = Privacy.of(
        (left.schema_, right.schema_), (left.preprocessing.state, right.preprocessing.state)
    )
    privacy = replace(fitted, takes={})  # only what was fitted is named by steps
    declared = Declaration.of(left), Declaration.of(right)
    alike = left.preprocessing.fingerprint == right.preprocessing.fingerprint
    preprocessing = () if alike else _differences("preprocessing", *_states(*declared), fitted)
    sections = [
        *preprocessing,
        *_differences("labels", {LABELS: left.labels}, {LABELS: right.labels}, privacy),
        *_differences("schema", *_schemas(*declared), privacy),
        *_environment(left.environment, right.environment),
        *_weights(a, b, privacy),
        *_differences("calibration", _calibration(left), _calibration(right), privacy),
    ]
    explained = {"preprocessing", "labels", "schema"} & {each.section for each in sections}
    if not alike and not explained:
        sections.insert(0, _unexplained(left, right))
    return BundleDiff(left.identity.to_json(), right.identity.to_json(), alike, tuple(sections))


def preprocessing_facts(a: Declaration, b: Declaration) -> Iterator[tuple[Facts, Facts]]:
    """Yield the named values of the fitted state, the labels and the inputs, pair by pair."""
    yield _states(a, b)
    yield {LABELS: list(a.schema.labels)}, {LABELS: list(b.schema.labels)}
    yield _schemas(a, b)


def _differences(section: str, a: Facts, b: Facts, privacy: Privacy) -> Iterator[Difference]:
    for name, left, right in differences(a, b):
        private = privacy.hides(name, left, right)
        words = difference_in_words(name, left, right, private=private).sentence
        if private:
            left, right = digest_in_words(left), digest_in_words(right)  # noqa: PLW2901 (not shown)
        elif name == VOCABULARY or name.endswith(".vocabulary_"):
            left, right = _rows_that_differ(left, right)  # noqa: PLW2901 (the rest is alike)
        yield Difference(section, name, left, right, words)


def _rows_that_differ(a: object, b: object) -> tuple[object, object]:
    if not isinstance(a, list) or not isinstance(b, list):
        return a, b
    rows = [row for row in range(max(len(a), len(b))) if a[row : row + 1] != b[row : row + 1]]
    left, right = (
        {str(row): tokens[row] for row in rows if row < len(tokens)} for tokens in (a, b)
    )
    return left, right


def _states(a: Declaration, b: Declaration) -> tuple[Facts, Facts]:
    by_column = bool(a.column_inputs and b.column_inputs)
    left, right = (
        {**declared.state, **_column_inputs(declared.column_inputs or {}, by_column=by_column)}
        for declared in (a, b)
    )
    return left, right


def _column_inputs(column_inputs: Facts, *, by_column: bool) -> Facts:
    """Name each field of a column's input form by that column, if both bundles have such a form."""
    facts = {
        f"frame.{name}": jsonable(value)
        for name, value in column_inputs.items()
        if name != "columns"
    }
    columns = [column for column in column_inputs.get("columns") or () if isinstance(column, dict)]
    for column in columns if by_column else ():
        for field, value in column.items():
            facts[f"{column.get('name')}.frame.{field}"] = jsonable(value)
    return facts


def _schemas(a: Declaration, b: Declaration) -> tuple[Facts, Facts]:
    common = {*map(str, a.schema.columns)} & {*map(str, b.schema.columns)}
    left, right = (_schema(declared, common) for declared in (a, b))
    return left, right


def _schema(declared: Declaration, columns: set[str]) -> Facts:
    """Name what is declared of the inputs, and of those columns that both bundles have."""
    schema = declared.schema
    facts: Facts = {
        "columns": list(schema.columns),
        "text columns": list(schema.text),
        "missing markers": list(schema.missing),
        "canonical form": schema.form,
        **{f"text.{name}": value for name, value in declared.text.items()},
    }
    for kind in ("numeric", "categorical"):
        for column in getattr(schema, kind):
            fields = {**asdict(column), "kind": kind}
            name = str(fields.pop("name"))
            if name in columns:
                facts |= {f"{name}.{field}": _listed(value) for field, value in fields.items()}
    return facts


def _listed(value: object) -> object:
    """Return categories whole, however many they are."""
    return list(value) if isinstance(value, tuple) else jsonable(value)


def _calibration(manifest: Manifest) -> Facts:
    return {"temperature": jsonable(manifest.temperature)}


def _environment(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[Difference]:
    for library, left, right in differences(a, b):
        words = f"{library} {left or 'none'} → {right or 'none'}"
        yield Difference("environment", library, left, right, words)


def _weights(a: SealedFiles, b: SealedFiles, privacy: Privacy) -> Iterator[Difference]:
    yield from _differences("weights", _architecture(a), _architecture(b), privacy)
    if a.files.get(WEIGHTS) == b.files.get(WEIGHTS):
        return
    left, right = _tensors(a), _tensors(b)
    yield from _differences("weights", _layouts(left), _layouts(right), privacy)
    common = sorted(left.keys() & right.keys())
    same_shape = (name for name in common if len(left[name]["data"]) == len(right[name]["data"]))
    changed = [name for name in same_shape if left[name]["data"] != right[name]["data"]]
    if changed:
        named = ", ".join(changed[:_MAX_NAMED])
        words = f"{len(changed)} of {len(common)} tensors hold other values: {named}"
        more = f" and {len(changed) - _MAX_NAMED} more" if len(changed) > _MAX_NAMED else ""
        left_sha, right_sha = (side.manifest.parts[WEIGHTS].sha256 for side in (a, b))
        yield Difference("weights", WEIGHTS, left_sha, right_sha, words + more)


def _architecture(sealed: SealedFiles) -> Facts:
    try:
        return dict(_flat("", sealed.config))
    except PartError as error:
        raise GuardRefused(str(sealed.path), error.findings) from None
    except RecursionError:
        raise GuardRefused(str(sealed.path), [_unreadable(CONFIG, "RecursionError")]) from None


def _flat(prefix: str, values: JsonMapping) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if name in _NO_ARCHITECTURE:
            continue
        if isinstance(value, dict) and value:
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", jsonable(value)


def _tensors(sealed: SealedFiles) -> dict[str, JsonObject]:
    try:
        return dict(deserialize(sealed.files[WEIGHTS]))  # type: ignore[no-untyped-call]  # safetensors' stub has no types
    except (KeyError, SafetensorError) as error:
        finding = _unreadable(WEIGHTS, type(error).__name__)
        raise GuardRefused(str(sealed.path), [finding]) from None


def _layouts(tensors: Mapping[str, JsonMapping]) -> Facts:
    return {name: f"{tensor['dtype']} {list(tensor['shape'])}" for name, tensor in tensors.items()}


def _unreadable(part: str, problem: str) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected="what training writes",
        observed=f"reading it fails with {problem}",
    )


def _unexplained(a: Manifest, b: Manifest) -> Difference:
    left, right = a.preprocessing.fingerprint, b.preprocessing.fingerprint
    words = f"what has no name in both descriptions: {left[:23]}… → {right[:23]}…"
    return Difference("preprocessing", "fingerprint", left, right, words)

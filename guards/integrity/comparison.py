"""What differs between two bundles, section by section, from their verified bytes.

Names, versions, lineage and fingerprints differ between any two bundles, and are left out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, deserialize

from guards.errors import Finding, GuardRefused, PartError
from guards.integrity.description import VOCABULARY
from guards.integrity.differences import Privacy, differences
from guards.integrity.plain import plain
from guards.integrity.verify import CONFIG
from guards.integrity.wording import LABELS, difference_in_words, digest_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from guards.integrity.manifest import Manifest, SealedFiles

__all__ = ["SECTIONS", "BundleDiff", "Difference", "diff_bundles", "preprocessing_facts"]

SECTIONS = ("preprocessing", "labels", "schema", "environment", "weights", "calibration")

_WEIGHTS = "model/model.safetensors"
_NO_ARCHITECTURE = {
    "_name_or_path",
    "id2label",
    "label2id",
    "num_labels",
    "preprocessing_fingerprint",
    "transformers_version",
}
"""What a network's configuration holds besides its architecture; other sections tell of it."""

_MOST_NAMED = 3

Facts = dict[str, Any]
"""Named values of one section of one bundle, in plain JSON."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs: what each side has, in plain JSON, and both in one sentence.

    Of a private column ``a`` and ``b`` are digests; of a vocabulary they are the rows that differ.
    """

    section: str
    subject: str
    a: Any
    b: Any
    words: str


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

    def to_json(self) -> dict[str, Any]:
        """Give the diff as plain JSON."""
        return {
            "a": dict(self.a),
            "b": dict(self.b),
            "alike": self.alike,
            "preprocessed_alike": self.preprocessed_alike,
            "differences": [asdict(difference) for difference in self.differences],
        }


def diff_bundles(a: SealedFiles, b: SealedFiles) -> BundleDiff:
    """Compare two bundles by what their manifests declare, and their weights tensor by tensor.

    Raises ``GuardRefused`` when one's configuration or weights cannot be read.
    """
    left, right = a.manifest, b.manifest
    fitted = Privacy.of(
        (left.schema_, right.schema_), (left.preprocessing.state, right.preprocessing.state)
    )
    privacy = replace(fitted, takes={})  # only what was fitted is named by steps
    alike = left.preprocessing.fingerprint == right.preprocessing.fingerprint
    preprocessing = () if alike else _differences("preprocessing", *_states(left, right), fitted)
    found = [
        *preprocessing,
        *_differences("labels", {LABELS: left.labels}, {LABELS: right.labels}, privacy),
        *_differences("schema", *_schemas(left, right), privacy),
        *_environment(left.environment, right.environment),
        *_weights(a, b, privacy),
        *_differences("calibration", _calibration(left), _calibration(right), privacy),
    ]
    if not alike and not {one.section for one in found} & {"preprocessing", "labels", "schema"}:
        found.insert(0, _unexplained(left, right))
    return BundleDiff(_identity(left), _identity(right), alike, tuple(found))


def preprocessing_facts(a: Manifest, b: Manifest) -> Iterator[tuple[Facts, Facts]]:
    """Yield what two manifests say of the fitted state, the labels and the inputs, pair by pair."""
    yield _states(a, b)
    yield {LABELS: a.labels}, {LABELS: b.labels}
    yield _schemas(a, b)


def _identity(manifest: Manifest) -> dict[str, str]:
    return {
        "name": manifest.name,
        "version": manifest.version,
        "fingerprint": manifest.fingerprint,
    }


def _differences(section: str, a: Facts, b: Facts, privacy: Privacy) -> Iterator[Difference]:
    for name, left, right in differences(a, b):
        private = privacy.hides(name, left, right)
        words = difference_in_words(name, left, right, private=private).sentence
        if private:
            left, right = digest_in_words(left), digest_in_words(right)  # noqa: PLW2901 (unsaid from here)
        elif name == VOCABULARY or name.endswith(".vocabulary_"):
            left, right = _rows_that_differ(left, right)  # noqa: PLW2901 (the rest is alike)
        yield Difference(section, name, left, right, words)


def _rows_that_differ(a: Any, b: Any) -> tuple[Any, Any]:  # noqa: ANN401 (JSON)
    if not isinstance(a, list) or not isinstance(b, list):
        return a, b
    rows = [row for row in range(max(len(a), len(b))) if a[row : row + 1] != b[row : row + 1]]
    left, right = (
        {str(row): tokens[row] for row in rows if row < len(tokens)} for tokens in (a, b)
    )
    return left, right


def _states(a: Manifest, b: Manifest) -> tuple[Facts, Facts]:
    frames = [manifest.preprocessing.frame or {} for manifest in (a, b)]
    both = all(frames)
    left, right = (
        {**manifest.preprocessing.state, **_frame(frame, by_column=both)}
        for manifest, frame in zip((a, b), frames, strict=True)
    )
    return left, right


def _frame(frame: Facts, *, by_column: bool) -> Facts:
    """Name what a frame says of a column by that column, where both bundles have a frame."""
    facts = {f"frame.{name}": plain(value) for name, value in frame.items() if name != "columns"}
    columns = [column for column in frame.get("columns") or () if isinstance(column, dict)]
    for column in columns if by_column else ():
        for field, value in column.items():
            facts[f"{column.get('name')}.frame.{field}"] = plain(value)
    return facts


def _schemas(a: Manifest, b: Manifest) -> tuple[Facts, Facts]:
    common = {*map(str, a.schema_.columns)} & {*map(str, b.schema_.columns)}
    left, right = (_schema(manifest, common) for manifest in (a, b))
    return left, right


def _schema(manifest: Manifest, columns: set[str]) -> Facts:
    """Name what a manifest says of its inputs, and of those columns that both bundles have."""
    schema = manifest.schema_
    facts = {
        "columns": list(schema.columns),
        "text columns": list(schema.text),
        **{f"text.{name}": value for name, value in manifest.text.to_json().items()},
    }
    for kind in ("numeric", "categorical"):
        for column in getattr(schema, kind):
            fields = {**asdict(column), "kind": kind}
            name = str(fields.pop("name"))
            if name in columns:
                facts |= {f"{name}.{field}": _listed(value) for field, value in fields.items()}
    return facts


def _listed(value: object) -> object:
    """Give categories whole, however many they are."""
    return list(value) if isinstance(value, tuple) else plain(value)


def _calibration(manifest: Manifest) -> Facts:
    return {"temperature": plain(manifest.temperature)}


def _environment(a: Mapping[str, str], b: Mapping[str, str]) -> Iterator[Difference]:
    for library, left, right in differences(a, b):
        words = f"{library} {left or 'none'} → {right or 'none'}"
        yield Difference("environment", library, left, right, words)


def _weights(a: SealedFiles, b: SealedFiles, privacy: Privacy) -> Iterator[Difference]:
    yield from _differences("weights", _architecture(a), _architecture(b), privacy)
    if a.files.get(_WEIGHTS) == b.files.get(_WEIGHTS):
        return
    left, right = _tensors(a), _tensors(b)
    yield from _differences("weights", _layouts(left), _layouts(right), privacy)
    common = sorted(left.keys() & right.keys())
    same_shape = (name for name in common if len(left[name]["data"]) == len(right[name]["data"]))
    changed = [name for name in same_shape if left[name]["data"] != right[name]["data"]]
    if changed:
        named = ", ".join(changed[:_MOST_NAMED])
        words = f"{len(changed)} of {len(common)} tensors hold other values: {named}"
        more = f" and {len(changed) - _MOST_NAMED} more" if len(changed) > _MOST_NAMED else ""
        left_sha, right_sha = (side.manifest.parts[_WEIGHTS].sha256 for side in (a, b))
        yield Difference("weights", _WEIGHTS, left_sha, right_sha, words + more)


def _architecture(sealed: SealedFiles) -> Facts:
    try:
        return dict(_flat("", sealed.json(CONFIG)))
    except PartError as error:
        raise GuardRefused(str(sealed.path), error.findings) from None
    except RecursionError:
        raise GuardRefused(str(sealed.path), [_unreadable(CONFIG, "RecursionError")]) from None


def _flat(prefix: str, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if name in _NO_ARCHITECTURE:
            continue
        if isinstance(value, dict) and value:
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", plain(value)


def _tensors(sealed: SealedFiles) -> dict[str, dict[str, Any]]:
    try:
        return dict(deserialize(sealed.files[_WEIGHTS]))  # type: ignore[no-untyped-call]  # safetensors' stub has no types
    except (KeyError, SafetensorError) as error:
        finding = _unreadable(_WEIGHTS, type(error).__name__)
        raise GuardRefused(str(sealed.path), [finding]) from None


def _layouts(tensors: Mapping[str, Mapping[str, Any]]) -> Facts:
    return {name: f"{held['dtype']} {list(held['shape'])}" for name, held in tensors.items()}


def _unreadable(part: str, problem: str) -> Finding:
    return Finding(
        code="part_unreadable",
        subject=part,
        expected="what training writes",
        observed=f"reading it fails with {problem}",
        remedy="copy the bundle again from where it was sealed, or seal it again",
    )


def _unexplained(a: Manifest, b: Manifest) -> Difference:
    left, right = a.preprocessing.fingerprint, b.preprocessing.fingerprint
    words = f"what has no name in both descriptions: {left[:23]}… → {right[:23]}…"
    return Difference("preprocessing", "fingerprint", left, right, words)

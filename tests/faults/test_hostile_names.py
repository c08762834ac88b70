"""Names that a terminal would act upon, wherever a bundle can carry one into a finding."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import joblib
import pytest

from guards.bundle.layout import COLUMNS, CONFIG, ENGINE_ANSWERS, MANIFEST, engine_part
from guards.errors import Finding, GuardRefused, first_line
from guards.integrity.requirements import Requirements
from tests.faults.resealing import agree, dumped, edit_json, edit_manifest, findings_of, reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]

HOSTILE = "evil\x1b[2J\x9b31m\r\n\u202elive\u2028\x00\ud800"
"""Clears the screen, colours it, starts a line, turns the direction of writing, and is no UTF-8."""

ESCAPED = "evil\\x1b[2J\\x9b31m\\r\\n\\u202elive\\u2028\\x00\\ud800"
ON_DISK = "evil\x1b[2J\x9b31m\r\n\u202elive"
ON_DISK_ESCAPED = "evil\\x1b[2J\\x9b31m\\r\\n\\u202elive"


def _feature_name(bundle: Path) -> None:
    def rename(manifest: JsonObject) -> None:
        manifest["inputs"]["numeric"][0]["name"] = HOSTILE

    edit_manifest(bundle, rename)
    agree(bundle)


def _label(bundle: Path) -> None:
    label = HOSTILE.removesuffix("\ud800")  # a manifest takes no lone surrogate there
    edit_manifest(bundle, lambda manifest: manifest["labels"].__setitem__(0, label))
    agree(bundle)


def _label_of_the_network(bundle: Path) -> None:
    edit_json(bundle, CONFIG, lambda config: config["id2label"].update({"0": HOSTILE}))


def _parameter_name(bundle: Path) -> None:
    columns = joblib.load(bundle / COLUMNS)
    vars(columns.named_transformers_["numeric"]["scale"])[HOSTILE] = 1.0
    reseal(bundle, {COLUMNS: dumped(columns)})


def _step_name(bundle: Path) -> None:
    columns = joblib.load(bundle / COLUMNS)
    pipeline = columns.named_transformers_["numeric"]
    pipeline.steps[-1] = (HOSTILE, pipeline.steps[-1][1])
    reseal(bundle, {COLUMNS: dumped(columns)})


def _category(bundle: Path) -> None:
    columns = joblib.load(bundle / COLUMNS)
    encoder = columns.named_transformers_["categorical"]["encode"]
    encoder.categories_[0][0] = HOSTILE
    reseal(bundle, {COLUMNS: dumped(columns)})


def _part_in_the_manifest(bundle: Path) -> None:
    record = {"size": 1, "sha256": "0" * 64}
    edit_manifest(bundle, lambda manifest: manifest["parts"].update({HOSTILE: record}))


def _part_outside_the_bundle(bundle: Path) -> None:
    record = {"size": 1, "sha256": "0" * 64}
    edit_manifest(bundle, lambda manifest: manifest["parts"].update({f"/{ON_DISK}": record}))


def _engine_name(bundle: Path) -> None:
    part = engine_part(ON_DISK, ENGINE_ANSWERS)
    (bundle / part).parent.mkdir(parents=True)
    reseal(bundle, {part: b""})


def _file_name(bundle: Path) -> None:
    (bundle / ON_DISK).touch()


def _global(bundle: Path) -> None:
    module, name = HOSTILE.encode("utf-8", "surrogatepass"), b"Scaler"
    named = b"".join(b"X" + len(text).to_bytes(4, "little") + text for text in (module, name))
    reseal(bundle, {COLUMNS: b"\x80\x04" + named + b"\x93."})


def _recorded_global(bundle: Path) -> None:
    _global(bundle)
    edit_manifest(bundle, lambda manifest: manifest.update(trusted=[f"{HOSTILE}.Scaler"]))


def _library(bundle: Path) -> None:
    edit_manifest(bundle, lambda manifest: manifest["environment"].update({HOSTILE: "1"}))


def _version(bundle: Path) -> None:
    edit_manifest(bundle, lambda manifest: manifest["environment"].update(numpy=HOSTILE))


def _message_of_a_library(bundle: Path) -> None:
    edit_json(bundle, CONFIG, lambda config: config.update(model_type=HOSTILE))


def _fingerprint_of_the_network(bundle: Path) -> None:
    edit_json(bundle, CONFIG, lambda config: config.update(preprocessing_fingerprint=HOSTILE))


@pytest.mark.parametrize(
    ("damage", "code", "shown"),
    [
        (_feature_name, "columns_mismatch", f"'{ESCAPED}'"),
        (_label, "labels_changed", '"{}"'.format(ESCAPED.removesuffix("\\ud800"))),
        (_label_of_the_network, "labels_changed", f'"{ESCAPED}"'),
        (_parameter_name, "unpickling_refused", ESCAPED),
        (_step_name, "preprocessing_changed", ESCAPED),
        (_category, "preprocessing_changed", f'"{ESCAPED}"'),
        (_part_in_the_manifest, "part_missing", ESCAPED),
        (_part_outside_the_bundle, "manifest_invalid", ON_DISK_ESCAPED),
        (_engine_name, "engine_over_budget", ON_DISK_ESCAPED),
        (_file_name, "part_unexpected", ON_DISK_ESCAPED),
        (_global, "unpickling_refused", f"{ESCAPED}.Scaler"),
        (_recorded_global, "unpickling_refused", f"--trust '{ESCAPED}.Scaler'"),
        (_library, "environment_differs", ESCAPED),
        (_version, "environment_differs", ESCAPED),
        (_message_of_a_library, "load_failed", "evil\\x1b[2J\\x9b31m"),
        (_fingerprint_of_the_network, "preprocessing_mismatch", ESCAPED),
    ],
)
def test_hostile_name_is_escaped(
    champion: Path, copied: Copy, damage: Callable[[Path], None], code: str, shown: str
) -> None:
    """A finding shows the name with escapes, in quotes where it stands in a sentence."""
    bundle = copied(champion)
    damage(bundle)

    findings = findings_of(bundle, Requirements("exact"))

    assert code in {finding.code for finding in findings}
    assert any(shown in text for finding in findings for text in finding.to_json().values())
    assert_printable(GuardRefused(str(bundle), findings))


def test_hostile_path_is_escaped(tmp_path: Path) -> None:
    """A path is shown with escapes too, as subject of the finding and of the refusal."""
    (finding,) = findings_of(tmp_path / ON_DISK)

    assert finding.subject == f"{tmp_path}/{ON_DISK_ESCAPED}"
    assert_printable(GuardRefused(str(tmp_path / ON_DISK), [finding]))


def test_hostile_name_in_a_file_that_is_no_manifest(champion: Path, copied: Copy) -> None:
    """What the manifest itself cannot be read for is quoted with escapes."""
    bundle = copied(champion)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    (bundle / MANIFEST).write_text(json.dumps({**manifest, ON_DISK: 1}))

    (finding,) = findings_of(bundle)

    assert ON_DISK_ESCAPED in finding.observed


def test_hostile_message_of_an_error() -> None:
    """The line that is quoted of another library's error is escaped where it is quoted."""
    assert first_line(ValueError("bad \x1b[2J\u202e name")) == "bad \\x1b[2J\\u202e name"
    assert first_line(ValueError("\n\x1b[2J")) == "\\x1b[2J"


def assert_printable(refusal: GuardRefused) -> None:
    """Check each line of a refusal's text, and that no line is more than it should be."""
    lines = str(refusal).split("\n")

    assert len(lines) == 1 + 4 * len(refusal.findings)
    assert all(line.isprintable() for line in lines)
    assert str(refusal).encode()
    for finding in refusal.findings:
        assert Finding.from_json(finding.to_json()) == finding

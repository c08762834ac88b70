"""The whole judgement: its order, its policy and pin, and the bytes that it hands on."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import Bundle, open_bundle
from guards.bundle.layout import COLUMNS, CONFIG
from guards.bundle.probes import ProbeOutputs
from guards.bundle.sealed_files import SealedFiles, read_sealed
from guards.errors import GuardRefused
from guards.integrity.requirements import Requirements
from guards.integrity.verify import verify
from tests.faults.resealing import reseal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from guards.json_types import JsonMapping


@dataclass(frozen=True)
class Probed:
    """What a caller might build from sealed files: something that gives fixed outputs."""

    sealed: SealedFiles
    columns: object
    outputs: ProbeOutputs

    def probe(self, documents: Sequence[JsonMapping]) -> ProbeOutputs:
        """Return the fixed outputs for any documents."""
        assert documents
        return self.outputs


@pytest.fixture(scope="module")
def opened(champion: Path) -> Bundle:
    """Return the champion, opened."""
    return open_bundle(champion)


@pytest.fixture
def expected(champion: Path, opened: Bundle) -> ProbeOutputs:
    """Return what the champion makes of its own probes."""
    return opened.probe(read_sealed(champion).probes.documents)


def test_what_was_judged_is_what_is_loaded(
    champion: Path, copied: Callable[[Path], Path], expected: ProbeOutputs
) -> None:
    """Bytes are read once: what happens on disk after that reaches neither loader nor probes."""
    bundle = copied(champion)
    whole = {name: (champion / name).read_bytes() for name in read_sealed(champion).files}

    def load(sealed: SealedFiles, columns: object) -> Probed:
        shutil.rmtree(bundle)
        return Probed(sealed, columns, expected)

    loaded, tolerated = verify(bundle, load)

    assert tolerated == []

    assert dict(loaded.sealed.files) == whole
    assert loaded.columns is not None


def test_nothing_is_loaded_before_the_bytes_are_right(
    champion: Path, copied: Callable[[Path], Path]
) -> None:
    """A changed part is refused before the caller's loader sees anything."""
    bundle = copied(champion)
    (bundle / "model" / "model.safetensors").write_bytes(b"")

    def load(_sealed: SealedFiles, _columns: object) -> Probed:
        pytest.fail("loaded a bundle that was refused")

    with pytest.raises(GuardRefused, match="part_changed"):
        verify(bundle, load)


def test_a_changed_part_is_not_even_explained_where_another_process_judges(
    champion: Path, copied: Callable[[Path], Path]
) -> None:
    """What changed in it would take loading it, which a worker does with what was judged alone."""
    bundle = copied(champion)
    (bundle / COLUMNS).write_bytes(b"junk")
    judged = Requirements(judged=read_sealed(champion).manifest.fingerprint)

    def codes(requirements: Requirements) -> list[str]:
        with pytest.raises(GuardRefused) as refusal:
            open_bundle(bundle, requirements)
        return [finding.code for finding in refusal.value.findings]

    assert codes(Requirements()) == ["part_changed", "part_unreadable"]
    assert codes(judged) == ["part_changed"]


def test_loader_that_raises_is_a_refusal(champion: Path) -> None:
    """Whatever a loader raises becomes a finding with its class and its first line."""

    def load(_sealed: SealedFiles, _columns: object) -> Probed:
        message = "no such layer\nand a long story"
        raise KeyError(message)

    with pytest.raises(GuardRefused) as refusal:
        verify(champion, load)

    (finding,) = refusal.value.findings
    assert (finding.code, finding.subject) == ("load_failed", "model")
    assert finding.observed.startswith("KeyError: ")


def test_other_answers_are_a_refusal(champion: Path, expected: ProbeOutputs) -> None:
    """What was loaded must answer the probes as it did when it was sealed."""
    other = ProbeOutputs(
        expected.token_ids, expected.lengths, expected.columns, expected.probabilities[:, ::-1]
    )

    with pytest.raises(GuardRefused) as refusal:
        verify(champion, lambda sealed, columns: Probed(sealed, columns, other))

    assert {finding.code for finding in refusal.value.findings} == {"probe_failed"}


def test_pinned_bundle_passes(champion: Path, opened: Bundle) -> None:
    """A bundle that has the pinned root passes."""
    requirements = Requirements(pin=opened.manifest.fingerprint)

    assert open_bundle(champion, requirements).identity == opened.identity


def test_another_bundle_than_the_pinned_one(champion: Path, challenger: Path) -> None:
    """A sound bundle is refused where another is pinned, with both roots."""
    pinned, other = (read_sealed(path).manifest.fingerprint for path in (champion, challenger))

    with pytest.raises(GuardRefused) as refusal:
        open_bundle(challenger, Requirements(pin=pinned))

    (finding,) = refusal.value.findings
    assert finding.code == "pinned_other"
    assert (finding.expected, finding.observed) == (pinned, other)


@pytest.mark.parametrize("part", [COLUMNS, CONFIG, "probes.npz"])
def test_refusal_names_the_bundle(
    champion: Path, copied: Callable[[Path], Path], part: str
) -> None:
    """The subject of a refusal is the path that was judged, whatever part is at fault."""
    bundle = copied(champion)
    reseal(bundle, {part: b"junk"})

    with pytest.raises(GuardRefused) as refusal:
        open_bundle(bundle)

    assert refusal.value.subject == str(bundle)

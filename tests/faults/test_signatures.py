"""Bundles without a signature, with one of another key, or other than the pinned one."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from artifacts.bundle.opening import open_bundle
from guards.bundle.layout import MANIFEST, SIGNATURE
from guards.bundle.sealed_files import read_sealed
from guards.bundle.signature import MAX_BYTES
from guards.errors import CallError, GuardRefused
from guards.integrity.requirements import Requirements
from service.lifecycle.preflight import refusals
from service.lifecycle.roles import judge_roles
from service.settings import Settings
from tests.faults.resealing import dumped, edit_manifest, findings_of, reseal
from tests.faults.signing import KeyPair, make_keys, sign_bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.json_types import JsonObject

COLUMNS = "preprocessing/columns.joblib"
WEIGHTS = "model/model.safetensors"


class _Call:
    def __init__(self, directory: Path) -> None:
        self._directory = str(directory)

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (self._directory,)


@pytest.fixture
def keys(tmp_path: Path) -> KeyPair:
    """Return the key that is demanded."""
    return make_keys(tmp_path, "ours")


@pytest.fixture
def signed(champion: Path, copied: Callable[[Path], Path], keys: KeyPair) -> Path:
    """Return a sound bundle that is signed with that key."""
    bundle = copied(champion)
    sign_bundle(bundle, keys)
    return bundle


def codes(bundle: Path, requirements: Requirements | None = None) -> list[str]:
    """Open a bundle that must be refused, and give the codes of its findings."""
    return [finding.code for finding in findings_of(bundle, requirements)]


def test_signed_bundle_passes(signed: Path, champion: Path, keys: KeyPair) -> None:
    """The signature lies in the bundle and is no part of it: the root is the same, and it opens."""
    assert open_bundle(signed, keys.requirements).identity == open_bundle(champion).identity


def test_weight_and_manifest_changed_together(signed: Path, keys: KeyPair) -> None:
    """A change below what the probes can see passes every check but the signature's."""
    weights = bytearray((signed / WEIGHTS).read_bytes())
    weights[-4] ^= 1  # the lowest bit of the last float32
    reseal(signed, {WEIGHTS: bytes(weights)})
    root = open_bundle(signed).manifest.fingerprint

    (finding,) = findings_of(signed, keys.requirements)

    assert (finding.code, finding.subject) == ("signature_invalid", SIGNATURE)
    assert root in finding.expected
    assert json.loads((signed / SIGNATURE).read_bytes())["fingerprint"] in finding.observed
    assert "where it was signed" in finding.remedy


def test_root_rewritten_in_the_signature_too(signed: Path, keys: KeyPair) -> None:
    """Writing the new root over the signed one does not help."""
    edit_manifest(signed, lambda manifest: manifest["lineage"].update(seed=99))
    root = open_bundle(signed).manifest.fingerprint
    signature = json.loads((signed / SIGNATURE).read_bytes())
    assert signature["fingerprint"] != root
    (signed / SIGNATURE).write_text(json.dumps({**signature, "fingerprint": root}))

    (finding,) = findings_of(signed, keys.requirements)

    assert (finding.code, finding.observed) == (
        "signature_invalid",
        "a signature that does not fit",
    )


def test_columns_of_another_run(
    signed: Path, challenger: Path, tmp_path: Path, keys: KeyPair
) -> None:
    """Columns that would be refused for what they hold are refused before anybody looks in."""
    reseal(signed, {COLUMNS: (challenger / COLUMNS).read_bytes()})
    assert set(codes(signed)) == {"preprocessing_changed"}
    assert codes(signed, keys.requirements) == ["signature_invalid"]

    reseal(signed, {COLUMNS: dumped(_Call(tmp_path / "executed"))})
    assert codes(signed) == ["unpickling_refused"]
    assert codes(signed, keys.requirements) == ["signature_invalid"]
    assert not (tmp_path / "executed").exists()


def test_resealed_and_signed_by_somebody_else(signed: Path, tmp_path: Path, keys: KeyPair) -> None:
    """A forger's own signature is sound, and by a key that nobody asked for."""
    edit_manifest(signed, lambda manifest: manifest["lineage"].update(seed=99))
    sign_bundle(signed, make_keys(tmp_path, "theirs"))

    assert codes(signed, keys.requirements) == ["signature_of_another_key"]
    assert open_bundle(signed).manifest.lineage["seed"] == 99


def test_changed_bytes_are_not_explained_where_a_signature_is_demanded(
    signed: Path, challenger: Path, keys: KeyPair
) -> None:
    """To say which value changed is to unpickle what nobody signed; the bytes are told anyway."""
    (signed / COLUMNS).write_bytes((challenger / COLUMNS).read_bytes())
    assert set(codes(signed)) == {"part_changed", "preprocessing_changed"}
    assert codes(signed, keys.requirements) == ["part_changed"]

    (signed / SIGNATURE).unlink()
    assert codes(signed, keys.requirements) == ["part_changed", "signature_missing"]


def test_unsigned_bundle(champion: Path, keys: KeyPair) -> None:
    """A sound bundle without a signature is refused where one is demanded, and only there."""
    assert codes(champion, keys.requirements) == ["signature_missing"]
    assert open_bundle(champion)


def test_wrong_key(signed: Path, tmp_path: Path, keys: KeyPair) -> None:
    """Another key than the demanded one does not do; one of several does."""
    other = make_keys(tmp_path, "other")

    assert codes(signed, other.requirements) == ["signature_of_another_key"]
    assert open_bundle(signed, Requirements(signature_keys=(str(other.public), str(keys.public))))


@pytest.mark.parametrize(
    "data",
    [b"", b"junk", b"[]", b"\xff\xfe", b'{"algorithm": "ed25519"}', b" " * (MAX_BYTES + 1)],
    ids=["empty", "text", "a list", "not UTF-8", "incomplete", "too long"],
)
def test_malformed_signature_file(signed: Path, keys: KeyPair, data: bytes) -> None:
    """Whatever stands in for the signature is refused where one is demanded, and only there."""
    (signed / SIGNATURE).write_bytes(data)

    assert codes(signed, keys.requirements) == ["signature_invalid"]
    assert open_bundle(signed)


def test_endless_signature_file(signed: Path, keys: KeyPair) -> None:
    """A file of a terabyte (of nothing, here) is read no further than a signature can be long."""
    with (signed / SIGNATURE).open("r+b") as file:
        file.truncate(1 << 40)

    (finding,) = findings_of(signed, keys.requirements)

    assert (finding.code, finding.observed) == (
        "signature_invalid",
        f"more than {MAX_BYTES} bytes",
    )


def test_signature_that_is_a_link(signed: Path, tmp_path: Path, keys: KeyPair) -> None:
    """A link to a sound signature is refused, whether one is demanded or not."""
    (signed / SIGNATURE).rename(tmp_path / SIGNATURE)
    (signed / SIGNATURE).symlink_to(tmp_path / SIGNATURE)

    assert codes(signed) == ["part_is_a_link"]
    assert codes(signed, keys.requirements) == ["part_is_a_link", "signature_missing"]


def test_signature_that_is_a_pipe(signed: Path) -> None:
    """Nobody waits for a pipe to say something."""
    (signed / SIGNATURE).unlink()
    os.mkfifo(signed / SIGNATURE)

    assert codes(signed) == ["part_unexpected"]


@pytest.mark.parametrize("path", ["model/signature.json", "signature.json.bak"])
def test_signature_elsewhere(signed: Path, path: str) -> None:
    """Only the one place at the top of the bundle is a signature's."""
    (signed / SIGNATURE).rename(signed / path)

    (finding,) = findings_of(signed)

    assert (finding.code, finding.subject) == ("part_unexpected", path)


def test_signature_listed_as_a_part(signed: Path) -> None:
    """The signature signs the manifest, so that the manifest cannot list the signature."""

    def listed(manifest: JsonObject) -> None:
        manifest["parts"][SIGNATURE] = manifest["parts"]["probes.json"]

    edit_manifest(signed, listed)

    (finding,) = findings_of(signed)

    assert (finding.code, finding.subject) == ("manifest_invalid", MANIFEST)
    assert "is not a plain path inside the bundle" in finding.observed


def test_old_signed_bundle_where_a_newer_is_pinned(
    signed: Path, challenger: Path, copied: Callable[[Path], Path], keys: KeyPair
) -> None:
    """A signature does not grow old, a pin says which of the signed bundles is meant."""
    newer = copied(challenger)
    sign_bundle(newer, keys)
    pin = read_sealed(newer).manifest.fingerprint
    pinned = Requirements(pin=pin, signature_keys=keys.requirements.signature_keys)
    assert open_bundle(signed, keys.requirements)
    assert open_bundle(newer, pinned)

    (finding,) = findings_of(signed, pinned)

    assert (finding.code, finding.subject) == ("pinned_other", MANIFEST)
    assert (finding.expected, finding.observed) == (pin, read_sealed(signed).manifest.fingerprint)
    assert "PIN" in finding.remedy


def test_every_variant_needs_a_signature(
    signed: Path, champion: Path, challenger: Path, keys: KeyPair
) -> None:
    """A signed champion does not vouch for its challengers."""
    settings = Settings(
        champion=str(signed),
        challengers=(str(challenger), str(champion)),
        signature_keys=(str(keys.public),),
    )

    refused = [
        (role, refusal.subject, refusal.findings)
        for role, refusal in refusals(judge_roles(settings))
    ]

    assert [one[:2] for one in refused] == [
        ("challenger", str(challenger)),
        ("challenger", str(champion)),
    ]
    assert {finding.code for *_, findings in refused for finding in findings} == {
        "signature_missing"
    }


def test_key_that_is_none_is_a_wrong_call_before_anything_is_judged(tmp_path: Path) -> None:
    """The line is about the key, though the bundle is none either."""
    requirements = Requirements(signature_keys=(str(tmp_path / "key.pem"),))

    with pytest.raises(CallError, match="the key cannot be read"):
        open_bundle(tmp_path / "no bundle", requirements)
    with pytest.raises(GuardRefused):
        open_bundle(tmp_path / "no bundle")

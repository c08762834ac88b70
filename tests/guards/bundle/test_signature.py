"""Signatures over a root: which pass, which do not, and keys that are none."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from guards.bundle.layout import SIGNATURE
from guards.bundle.signature import (
    MAX_BYTES,
    check_signature,
    key_id,
    read_public_keys,
    sign,
)
from guards.errors import CallError, Finding
from tests.faults.signing import KeyPair, make_keys

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT, OTHER_ROOT = (f"sha256:{digit * 64}" for digit in "ab")


@pytest.fixture
def ours(tmp_path: Path) -> KeyPair:
    """Return the key that is demanded."""
    return make_keys(tmp_path, "ours")


@pytest.fixture
def theirs(tmp_path: Path) -> KeyPair:
    """Return the key of somebody else."""
    return make_keys(tmp_path, "theirs")


def findings(signature: bytes | None, *demanded: KeyPair, root: str = ROOT) -> list[Finding]:
    """Check a signature of ``root`` where one by these keys is demanded."""
    keys = read_public_keys([str(pair.public) for pair in demanded])
    return list(check_signature(signature, root, keys))


def only(found: list[Finding]) -> Finding:
    """Return the finding that is the only one; it says what to do."""
    assert len(found) == 1, found
    assert found[0].subject == SIGNATURE
    assert found[0].remedy
    return found[0]


def edited(data: bytes, **changes: Any) -> bytes:  # noqa: ANN401 (fields by name)
    """Change fields of a signature file."""
    return json.dumps({**json.loads(data), **changes}).encode()


def test_signature_by_a_demanded_key_passes(ours: KeyPair, theirs: KeyPair) -> None:
    """One of several keys is enough, whichever it is."""
    assert findings(sign(ROOT, ours.private), ours, theirs) == []
    assert findings(sign(ROOT, theirs.private), ours, theirs) == []


def test_file_says_what_was_signed_and_by_whom(ours: KeyPair) -> None:
    """The key is named by the SHA-256 of its raw bytes, and the same call gives the same file."""
    (named, key), *_ = read_public_keys([str(ours.public)]).items()

    document = json.loads(sign(ROOT, ours.private))

    assert document.pop("signature")
    assert document == {"algorithm": "ed25519", "key": named, "fingerprint": ROOT}
    assert named == key_id(key) == f"sha256:{hashlib.sha256(key.public_bytes_raw()).hexdigest()}"
    assert sign(ROOT, ours.private) == sign(ROOT, ours.private)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_keys_that_openssl_makes(tmp_path: Path) -> None:
    """Keys made with the documented commands sign, and pass, and openssl agrees."""
    keys = KeyPair(tmp_path / "private.pem", tmp_path / "public.pem")
    message, raw = tmp_path / "message", tmp_path / "raw"

    def openssl(*arguments: str | Path) -> None:
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    openssl("genpkey", "-algorithm", "ed25519", "-out", keys.private)
    openssl("pkey", "-in", keys.private, "-pubout", "-out", keys.public)
    signature = sign(ROOT, keys.private)

    assert findings(signature, keys) == []
    message.write_bytes(b"understudy: root fingerprint of a bundle\n" + ROOT.encode())
    raw.write_bytes(base64.b64decode(json.loads(signature)["signature"]))
    key = ("-pubin", "-inkey", keys.public, "-rawin", "-in", message)
    openssl("pkeyutl", "-verify", *key, "-sigfile", raw)


def test_nothing_is_demanded_without_keys(ours: KeyPair) -> None:
    """Unsigned, badly signed, well signed: all the same to who demands no signature."""
    assert [findings(data) for data in (None, b"junk", sign(ROOT, ours.private))] == [[], [], []]


def test_missing_signature(ours: KeyPair) -> None:
    """The finding names the keys that could have signed, and the command that signs."""
    finding = only(findings(None, ours))

    assert finding.code == "signature_missing"
    assert next(iter(read_public_keys([str(ours.public)]))) in finding.expected
    assert "understudy sign" in finding.remedy


def test_signature_of_another_key(ours: KeyPair, theirs: KeyPair) -> None:
    """A sound signature by somebody else names both keys."""
    finding = only(findings(sign(ROOT, theirs.private), ours))

    mine, other = (next(iter(read_public_keys([str(pair.public)]))) for pair in (ours, theirs))
    assert finding.code == "signature_of_another_key"
    assert mine in finding.expected
    assert other in finding.observed


def test_signature_of_another_key_under_our_name(ours: KeyPair, theirs: KeyPair) -> None:
    """Who writes our key's id over a signature of theirs has not signed with our key."""
    mine = json.loads(sign(ROOT, ours.private))["key"]

    finding = only(findings(edited(sign(ROOT, theirs.private), key=mine), ours))

    assert (finding.code, finding.observed) == (
        "signature_invalid",
        "a signature that does not fit",
    )


def test_signature_of_another_manifest(ours: KeyPair) -> None:
    """A signature that was copied from another bundle says which root it was made for."""
    finding = only(findings(sign(OTHER_ROOT, ours.private), ours))

    assert finding.code == "signature_invalid"
    assert ROOT in finding.expected
    assert OTHER_ROOT in finding.observed


def test_signature_of_another_manifest_under_this_root(ours: KeyPair) -> None:
    """The root that counts is the one that was signed, not the one that is written down."""
    signature = edited(sign(OTHER_ROOT, ours.private), fingerprint=ROOT)

    assert only(findings(signature, ours)).code == "signature_invalid"


def test_signature_made_for_something_else(ours: KeyPair) -> None:
    """The key's signature under the bare root, as another program might make it, is none."""
    key: Any = load_pem_private_key(ours.private.read_bytes(), None)
    bare = base64.b64encode(key.sign(ROOT.encode())).decode()

    finding = only(findings(edited(sign(ROOT, ours.private), signature=bare), ours))

    assert finding.code == "signature_invalid"


def test_no_bit_of_the_file_can_change(ours: KeyPair) -> None:
    """Whichever bit is flipped, the signature is refused in a sentence, and nothing is raised."""
    keys = read_public_keys([str(ours.public)])
    signature = sign(ROOT, ours.private)
    for index in range(len(signature) * 8):
        damaged = bytearray(signature)
        damaged[index // 8] ^= 1 << index % 8
        (finding,) = check_signature(bytes(damaged), ROOT, keys)
        assert finding.code in {"signature_invalid", "signature_of_another_key"}, damaged
        assert finding.observed


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda _: b"", id="empty"),
        pytest.param(lambda _: b"\xff\xfe\x00", id="not text"),
        pytest.param(lambda _: b"[]", id="a list"),
        pytest.param(lambda _: b"[" * 50_000, id="very deep"),
        pytest.param(lambda data: data[:-10], id="truncated"),
        pytest.param(lambda data: data + b" " * MAX_BYTES, id="too long"),
        pytest.param(lambda data: edited(data, algorithm="none"), id="another algorithm"),
        pytest.param(lambda data: edited(data, algorithm=None), id="no algorithm"),
        pytest.param(lambda data: edited(data, more=1), id="a field too many"),
        pytest.param(lambda data: edited(data, signature=""), id="an empty signature"),
        pytest.param(lambda data: edited(data, signature="A" * 88), id="no base64"),
        pytest.param(lambda data: edited(data, signature="A" * 86 + "=="), id="of zeros"),
        pytest.param(lambda data: edited(data, key="\ud800"), id="half a surrogate pair"),
        pytest.param(lambda data: edited(data, fingerprint=7), id="a root that is a number"),
    ],
)
def test_malformed_file(ours: KeyPair, damage: Callable[[bytes], bytes]) -> None:
    """Whatever stands in the file, the finding is one short line, and nothing is raised."""
    finding = only(findings(damage(sign(ROOT, ours.private)), ours))

    assert finding.code == "signature_invalid"
    assert 0 < len(finding.observed) < 200
    assert "\n" not in finding.observed


def _of_another_kind(path: Path, _: KeyPair) -> None:
    key = generate_private_key(SECP256R1())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(public + private)


def _nothing(_path: Path, _keys: KeyPair) -> None:
    pass


KEYS_THAT_ARE_NONE = {
    "missing": (_nothing, "cannot be read: No such file or directory"),
    "a directory": (lambda path, _: path.mkdir(), "cannot be read: Is a directory"),
    "empty": (lambda path, _: path.touch(), "expected an Ed25519"),
    "junk": (lambda path, _: path.write_bytes(b"\xff\x00junk"), "expected an Ed25519"),
    "of another kind": (_of_another_kind, "expected an Ed25519"),
}


@pytest.mark.parametrize("case", KEYS_THAT_ARE_NONE)
def test_key_file_that_is_none(tmp_path: Path, ours: KeyPair, case: str) -> None:
    """Both halves are refused in one line that names the file and says what was expected."""
    make, complaint = KEYS_THAT_ARE_NONE[case]
    path = tmp_path / "key.pem"
    make(path, ours)

    for read in (lambda: read_public_keys([str(path)]), lambda: sign(ROOT, path)):
        with pytest.raises(CallError) as error:
            read()
        assert str(error.value).startswith(f"{path}: ")
        assert complaint in str(error.value)
        assert "\n" not in str(error.value)


def test_one_half_in_the_place_of_the_other(ours: KeyPair) -> None:
    """A private key verifies nothing, a public key signs nothing: the line says what would."""
    with pytest.raises(CallError, match=r"public key in PEM.*-pubout"):
        read_public_keys([str(ours.private)])
    with pytest.raises(CallError, match=r"private key in PEM.*genpkey"):
        sign(ROOT, ours.public)


def test_encrypted_private_key(ours: KeyPair) -> None:
    """Nobody is asked for a password: the line says how to decrypt the key."""
    key: Any = load_pem_private_key(ours.private.read_bytes(), None)
    encryption = BestAvailableEncryption(b"secret")
    ours.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))

    with pytest.raises(CallError, match="is encrypted; decrypt it"):
        sign(ROOT, ours.private)


def test_without_the_library(ours: KeyPair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who demands signatures without the extra is told what to install; others need nothing."""
    monkeypatch.setitem(sys.modules, "cryptography", None)

    assert read_public_keys([]) == {}
    for read in (lambda: read_public_keys([str(ours.public)]), lambda: sign(ROOT, ours.private)):
        with pytest.raises(CallError, match=r"pip install 'understudy\[signing\]'"):
            read()

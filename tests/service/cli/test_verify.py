"""``understudy verify``: its demands, by option and by setting, and the JSON that it prints."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from guards.bundle.probes import Probes
from guards.bundle.sealed_files import read_sealed
from tests.faults.resealing import dumped, edit_manifest, reseal
from tests.faults.signing import KeyPair, make_keys, sign_bundle
from tests.service.cli.running import exit_code

if TYPE_CHECKING:
    from collections.abc import Callable

    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]
    Verified = Callable[..., tuple[int, list[JsonObject]]]

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "verify.schema.json").read_bytes())


@pytest.fixture
def verified(capsys: pytest.CaptureFixture[str]) -> Verified:
    """Return a function that runs the command: its exit code, and what it says of each bundle.

    Whatever it prints must be what the schema in the documentation promises.
    """

    def verify(*arguments: str | Path) -> tuple[int, list[JsonObject]]:
        code = exit_code("verify", *arguments, "--json")
        printed = json.loads(capsys.readouterr().out)
        Draft202012Validator(SCHEMA).validate(printed)
        bundles: list[JsonObject] = printed["bundles"]
        return code, bundles

    return verify


def codes(judged: JsonObject) -> list[str]:
    """Return the codes of a bundle's findings."""
    return [finding["code"] for finding in judged["findings"]]


@pytest.fixture
def keys(tmp_path: Path) -> KeyPair:
    """Return a key."""
    return make_keys(tmp_path, "ours")


@pytest.fixture
def other_numpy(champion: Path, copied: Copy) -> Path:
    """Return a bundle that was sealed under another numpy, and answers otherwise under this one."""
    bundle = copied(champion)
    probes = Probes.from_files(read_sealed(bundle).files)
    columns = probes.expected.columns.copy()
    columns[0, 0] += 1
    changed = replace(probes, expected=replace(probes.expected, columns=columns))
    reseal(bundle, changed.to_files())
    edit_manifest(bundle, lambda manifest: manifest["environment"].update(numpy="1.0"))
    return bundle


def test_schema_is_one(champion: Path) -> None:
    """The schema is sound itself, and lets nothing pass that it does not name."""
    Draft202012Validator.check_schema(SCHEMA)
    validator = Draft202012Validator(SCHEMA)
    passed = {"bundle": str(champion), "passed": True, "findings": []}
    refused = {"bundle": str(champion), "passed": False, "findings": []}
    wrong = [[], {}, {"bundles": []}, {"bundles": [passed]}, {"bundles": [refused]}]
    assert [document for document in wrong if validator.is_valid(document)] == []


def test_passed_refused_and_missing_bundles(
    champion: Path, challenger: Path, tmp_path: Path, copied: Copy, verified: Verified
) -> None:
    """Each bundle has its entry, in the order of the call; one that is refused makes it 78."""
    damaged = copied(champion)
    (damaged / "model" / "model.safetensors").write_bytes(b"")

    code, judged = verified(champion, damaged, tmp_path / "missing", challenger)

    assert code == 78
    assert [entry["passed"] for entry in judged] == [True, False, False, True]
    assert [codes(entry) for entry in judged] == [[], ["part_changed"], ["bundle_missing"], []]
    assert [entry.get("version") for entry in judged] == ["1", None, None, "2"]
    assert judged[0]["environment_differences"] == {}
    assert judged[0]["tolerated"] == []


def test_policy(other_numpy: Path, verified: Verified) -> None:
    """Other versions with other answers: refused, refused by name, or recorded."""
    code, (probed,) = verified(other_numpy)
    assert code == 78
    assert "probe_failed" in codes(probed)

    code, (exact,) = verified(other_numpy, "--policy", "exact")
    assert (code, codes(exact)) == (78, ["environment_differs"])

    code, (allowed,) = verified(other_numpy, "--policy", "allow")
    assert (code, codes(allowed)) == (0, [])
    assert "probe_failed" in [finding["code"] for finding in allowed["tolerated"]]
    (library,) = allowed["environment_differences"]
    assert library == "numpy"
    assert allowed["environment_differences"]["numpy"]["sealed"] == "1.0"
    assert allowed["environment_differences"]["numpy"]["installed"] > "2"


def test_what_is_tolerated_is_said_to_people_too(
    other_numpy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A bundle that passes with other answers passes with the finding under it."""
    assert exit_code("verify", other_numpy, "--policy", "allow") == 0

    printed = capsys.readouterr()
    assert f"{other_numpy}: passed  sha256:" in printed.err
    assert "probe_failed: probes: columns" in printed.err
    assert printed.out == ""


def test_pin(champion: Path, challenger: Path, verified: Verified) -> None:
    """Each bundle must be the pinned one."""
    pin = read_sealed(champion).manifest.fingerprint

    code, (first, second) = verified(champion, challenger, "--pin", pin)

    assert (code, codes(first), codes(second)) == (78, [], ["pinned_other"])


def test_signature_keys(champion: Path, tmp_path: Path, copied: Copy, verified: Verified) -> None:
    """A signature by any of the keys will do, and one is needed as soon as there is a key."""
    keys, other = make_keys(tmp_path, "ours"), make_keys(tmp_path, "theirs")
    signed = copied(champion)
    sign_bundle(signed, keys)
    ours, theirs = ("--signature-key", keys.public), ("--signature-key", other.public)

    code, (unsigned, passed) = verified(champion, signed, *ours, *theirs)
    assert (code, codes(unsigned), passed["passed"]) == (78, ["signature_missing"], True)
    code, (refused,) = verified(signed, *theirs)
    assert (code, codes(refused)) == (78, ["signature_of_another_key"])


def test_trust(
    champion: Path, copied: Copy, verified: Verified, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A class that the bundle declares is loaded when the caller or the setting names it."""
    bundle = copied(champion)
    reseal(bundle, {"preprocessing/columns.joblib": dumped(Fraction(1, 2))})
    edit_manifest(bundle, lambda manifest: manifest.update(trusted=["fractions.Fraction"]))

    _, (refused,) = verified(bundle, "--trust", "fractions.Decimal")
    assert codes(refused) == ["unpickling_refused"]

    _, (loaded,) = verified(bundle, "--trust", "fractions.Decimal", "--trust", "fractions.Fraction")
    monkeypatch.setenv("UNDERSTUDY_TRUST", "fractions.Decimal,fractions.Fraction")
    _, (by_setting,) = verified(bundle)
    assert "unpickling_refused" not in codes(loaded)
    assert loaded == by_setting


REFUSED_BY = {
    "ENVIRONMENT_POLICY": "environment_differs",
    "PIN": "pinned_other",
    "SIGNATURE_KEYS": "signature_missing",
}


@pytest.mark.parametrize("variable", REFUSED_BY)
def test_a_setting_demands_what_an_option_would(
    other_numpy: Path,
    keys: KeyPair,
    verified: Verified,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    """Without options the bundle is judged as a service with these settings would judge it."""
    value = {"ENVIRONMENT_POLICY": "exact", "PIN": "sha256:ab", "SIGNATURE_KEYS": str(keys.public)}
    monkeypatch.setenv(f"UNDERSTUDY_{variable}", value[variable])

    _, (judged,) = verified(other_numpy)

    assert codes(judged) == [REFUSED_BY[variable]]


def test_an_option_counts_more_than_its_setting(
    champion: Path,
    copied: Copy,
    keys: KeyPair,
    verified: Verified,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is said in the call is what is demanded."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: manifest["environment"].update(numpy="1.0"))
    sign_bundle(bundle, keys)
    monkeypatch.setenv("UNDERSTUDY_ENVIRONMENT_POLICY", "exact")
    monkeypatch.setenv("UNDERSTUDY_PIN", "sha256:ab")
    monkeypatch.setenv("UNDERSTUDY_SIGNATURE_KEYS", "missing.pem")

    pin = read_sealed(bundle).manifest.fingerprint
    options = ("--policy", "probed", "--pin", pin, "--signature-key", keys.public)
    code, (judged,) = verified(bundle, *options)

    assert (code, judged["passed"]) == (0, True)


def test_a_wrong_demand_is_one_line_and_2(
    champion: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A key that is none, a policy that is none, a variable that is none: nothing is judged."""

    def complaint(*arguments: str) -> str:
        assert exit_code("verify", champion, *arguments, "--json") == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert "Traceback" not in printed.err
        return printed.err.splitlines()[-1]

    assert "missing.pem: the key cannot be read" in complaint("--signature-key", "missing.pem")
    assert "'lax' is not one of" in complaint("--policy", "lax")
    monkeypatch.setenv("UNDERSTUDY_PINN", "sha256:ab")
    assert "UNDERSTUDY_PINN is no setting" in complaint()


def test_deep_derives_the_graph_of_an_engine_again(
    verified: Verified, accelerated: Path, champion: Path
) -> None:
    """The figures say what was compared; without an engine there is nothing to derive."""
    code, judged = verified(accelerated, champion, "--deep")

    assert code == 0
    assert judged[0]["deep"]["onnx-int8"]["same_operators"]
    assert judged[1]["deep"] == {}


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_on_a_terminal(champion: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who looks sees that something is being judged; the verdict has a line of its own."""
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)

    assert exit_code("verify", champion) == 0

    shown = terminal.getvalue().replace("\r", "\n").splitlines()
    assert any(line.startswith("judging:   0%") for line in shown)
    assert any(line.startswith(f"{champion}: passed") for line in shown)

"""Settings as an operator gives them: defaults, clear refusals, roles, and the round trip."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from guards.errors import CallError
from guards.evidence.criteria import Guardrail, Policy
from service.durations import DURATION
from service.settings import Settings, SettingsError, read_settings
from service.webhook_url import WebhookUrl

CHAMPION = {"UNDERSTUDY_CHAMPION": "store/docs/1"}


def test_defaults_are_those_of_the_contract() -> None:
    """With a champion alone, everything else is as documented."""
    settings = read_settings(CHAMPION)
    assert settings == Settings(champion="store/docs/1", replica=socket.gethostname())
    assert settings.challengers == ()
    assert settings.roles_file == Path("artifacts/store/roles.json")
    assert (settings.log_file, settings.log_level) == (None, "info")
    assert (settings.flush_seconds, settings.flush_documents) == (60, 10_000)
    assert (settings.shadow_sample, settings.shadow_queue) == (1.0, 2000)
    assert (settings.shadow_timeout_s, settings.shadow_drain_s) == (30, 30)
    assert (settings.max_queue, settings.deadline_s) == (512, 10)
    assert settings.max_body_bytes == 4 * 1024 * 1024
    assert (settings.max_text_chars, settings.max_documents) == (200_000, 256)
    assert (settings.api_keys_file, settings.capture) == (None, "none")
    assert settings.alert_webhook is None
    assert (settings.engine, settings.environment_policy, settings.pin) == ("auto", "probed", None)
    assert (settings.verdict, settings.verdict_margin) == ("better", 0.02)
    assert (settings.guardrails, settings.ripe) == ((), None)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("challengers", "store/docs/2, store/docs/3,", ("store/docs/2", "store/docs/3")),
        ("challenger_optional", "True", True),
        ("challenger_optional", "0", False),
        ("log_file", "logs/understudy.jsonl", Path("logs/understudy.jsonl")),
        ("log_level", "warning", "warning"),
        ("flush_seconds", "0.5", 0.5),
        ("flush_documents", "1", 1),
        ("shadow_sample", "0", 0.0),
        ("shadow_drain_s", "0", 0.0),
        ("deadline_s", "2.5", 2.5),
        ("alert_webhook", "https://alerts/a", WebhookUrl.parse("https://alerts/a")),
        ("capture", "disagreements", "disagreements"),
        ("environment_policy", "exact", "exact"),
        ("pin", "sha256:ab", "sha256:ab"),
        ("verdict", "not-worse", "not-worse"),
        ("verdict_margin", ".01", 0.01),
        (
            "guardrails",
            "class:invoice=.03, cost=1.5,",
            (Guardrail("class", "invoice", 0.03), Guardrail("cost", "", 1.5)),
        ),
        ("ripe", "12h", 43_200.0),
        ("ripe", "0", 0.0),
        ("replica", "a-1", "a-1"),
    ],
)
def test_a_variable_sets_its_field(name: str, text: str, value: object) -> None:
    """Each kind of value is read from its variable."""
    settings = read_settings({**CHAMPION, f"UNDERSTUDY_{name.upper()}": text})
    assert getattr(settings, name) == value


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("CHALLENGER_OPTIONAL", "maybe", "true or false"),
        ("CHALLENGER_OPTIONAL", "yes", "true or false"),
        ("LOG_LEVEL", "loud", "one of debug, info, warning, error"),
        ("FLUSH_SECONDS", "0", "a number, at least 0.1"),
        ("FLUSH_SECONDS", "nan", "a number, at least 0.1"),
        ("FLUSH_SECONDS", "inf", "a number, at least 0.1"),
        ("FLUSH_DOCUMENTS", "1.5", "a whole number, at least 1"),
        ("FLUSH_DOCUMENTS", "1.0", "a whole number, at least 1"),
        ("SHADOW_SAMPLE", "1.1", "a number between 0 and 1"),
        ("SHADOW_SAMPLE", "half", "a number between 0 and 1"),
        ("SHADOW_SAMPLE", "nan", "a number between 0 and 1"),
        ("SHADOW_QUEUE", "0", "a whole number, at least 1"),
        ("SHADOW_TIMEOUT_S", "-1", "a number, at least 0.1"),
        ("SHADOW_DRAIN_S", "-1", "a number, at least 0"),
        ("MAX_QUEUE", "many", "a whole number, at least 1"),
        ("DEADLINE_S", "0", "a number, at least 0.001"),
        ("MAX_BODY_BYTES", "4M", "a whole number, at least 1"),
        ("MAX_TEXT_CHARS", "0", "a whole number, at least 1"),
        ("MAX_DOCUMENTS", "-2", "a whole number, at least 1"),
        ("CAPTURE", "some", "one of none, disagreements, all"),
        ("ENGINE", "abacus", "one of auto, torch, onnx-int8, torch-bf16"),
        ("ENVIRONMENT_POLICY", "lax", "one of probed, exact, allow"),
        ("VERDICT", "best", "one of better, not-worse"),
        ("VERDICT_MARGIN", "0", "a number between 0 and 1"),
        ("VERDICT_MARGIN", "2 %", "a number between 0 and 1"),
        ("RIPE", "7", DURATION),
        ("RIPE", "-7d", DURATION),
    ],
)
def test_a_bad_value_is_one_clear_error(name: str, text: str, expected: str) -> None:
    """The error names the variable, what was expected and what was found, in one line."""
    with pytest.raises(SettingsError) as caught:
        read_settings({**CHAMPION, f"UNDERSTUDY_{name}": text})
    assert str(caught.value) == f"UNDERSTUDY_{name}: expected {expected}, found {text!r}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("class=.03", "guardrail 'class=.03': expected class:NAME=MARGIN, segment:NAME=MARGIN"),
        ("cost=1.5,errors=2", "guardrail 'errors=2': expected a number between 0 and 1"),
    ],
)
def test_a_bad_guardrail_is_one_clear_error(text: str, expected: str) -> None:
    """The error names the variable, and which of the guardrails it is."""
    with pytest.raises(SettingsError) as caught:
        read_settings({**CHAMPION, "UNDERSTUDY_GUARDRAILS": text})
    assert str(caught.value).startswith(f"UNDERSTUDY_GUARDRAILS: {expected}")


@pytest.mark.parametrize("text", ["hooks.example.org/s3cret", "ftp://alerts/s3cret", "s3cret"])
def test_a_bad_webhook_is_one_clear_error_that_does_not_show_it(text: str) -> None:
    """The error names the variable and what was expected; what was found may hold a secret."""
    with pytest.raises(SettingsError) as caught:
        read_settings({**CHAMPION, "UNDERSTUDY_ALERT_WEBHOOK": text})
    shown = str(caught.value)
    assert shown.startswith("UNDERSTUDY_ALERT_WEBHOOK: expected an http or https URL with a host")
    assert "s3cret" not in shown


def test_what_a_promotion_asks_for_comes_from_the_settings() -> None:
    """Rule, margin and guardrails are those of the policy; by default it must be better."""
    assert read_settings(CHAMPION).policy == Policy("better", 0.02, ())
    settings = read_settings(
        {
            **CHAMPION,
            "UNDERSTUDY_VERDICT": "not-worse",
            "UNDERSTUDY_VERDICT_MARGIN": ".05",
            "UNDERSTUDY_GUARDRAILS": "errors=.01",
        }
    )
    assert settings.policy == Policy("not-worse", 0.05, (Guardrail("errors", "", 0.01),))


def test_an_unknown_variable_is_an_error_that_lists_the_known_ones() -> None:
    """A typo is never silent, and the right spelling is in the message."""
    with pytest.raises(CallError, match="UNDERSTUDY_CHALENGERS is no setting") as caught:
        read_settings({**CHAMPION, "UNDERSTUDY_CHALENGERS": "store/docs/2"})
    assert "UNDERSTUDY_CHALLENGERS" in str(caught.value)


def test_an_empty_variable_is_an_unset_one() -> None:
    """Deployment templates that leave a variable empty get its default."""
    assert read_settings({**CHAMPION, "UNDERSTUDY_MAX_QUEUE": ""}).max_queue == 512


def test_variables_of_others_are_left_alone() -> None:
    """Only the prefix is ours."""
    assert read_settings({**CHAMPION, "UNDERSTUDYING": "x", "PATH": "y"}).champion is not None


def _roles(tmp_path: Path, content: object) -> dict[str, str]:
    path = tmp_path / "roles.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return {"UNDERSTUDY_ROLES_FILE": str(path)}


def test_roles_come_from_their_file(tmp_path: Path) -> None:
    """Without a champion in the environment the file names who plays, beside itself."""
    roles = _roles(tmp_path, {"champion": "docs/1", "challengers": ["docs/2", "docs/3"]})
    settings = read_settings(roles)
    assert settings.champion == str(tmp_path / "docs/1")
    assert settings.challengers == (str(tmp_path / "docs/2"), str(tmp_path / "docs/3"))


def test_challengers_of_the_environment_come_before_those_of_the_file(tmp_path: Path) -> None:
    """What is said for this start wins over what is written down."""
    roles = _roles(tmp_path, {"champion": "docs/1", "challengers": ["docs/2"]})
    settings = read_settings({**roles, "UNDERSTUDY_CHALLENGERS": "elsewhere/9"})
    assert settings.champion == str(tmp_path / "docs/1")
    assert settings.challengers == ("elsewhere/9",)


def test_a_named_champion_needs_no_roles_file(tmp_path: Path) -> None:
    """The file is not even read when the environment names the champion."""
    settings = read_settings({**CHAMPION, **_roles(tmp_path, "not json")})
    assert (settings.champion, settings.challengers) == ("store/docs/1", ())


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        '"docs/1"',
        {"champion": "docs/1"},
        {"challengers": []},
        {"champion": 1, "challengers": []},
        {"champion": "docs/1", "challengers": "docs/2"},
        {"champion": "docs/1", "challengers": [2]},
    ],
)
def test_a_malformed_roles_file_is_one_clear_error(tmp_path: Path, content: object) -> None:
    """The error names the file and shows what belongs there."""
    roles = _roles(tmp_path, content)
    with pytest.raises(SettingsError) as caught:
        read_settings(roles)
    assert str(caught.value).startswith(f'{roles["UNDERSTUDY_ROLES_FILE"]}: expected {{"champion":')


def test_nobody_is_champion(tmp_path: Path) -> None:
    """Neither a champion nor a roles file: the error says what to set or write."""
    path = tmp_path / "roles.json"
    with pytest.raises(SettingsError, match="nobody is champion: set UNDERSTUDY_CHAMPION"):
        read_settings({"UNDERSTUDY_ROLES_FILE": str(path)})


def test_public_settings_are_plain_json() -> None:
    """What is logged at the start can be logged."""
    settings = Settings(
        champion="store/docs/1",
        log_file=Path("a.jsonl"),
        guardrails=(Guardrail("cost", "", 1.5),),
        replica="a-1",
    )
    public = json.loads(json.dumps(settings.public()))
    assert public["log_file"] == "a.jsonl"
    assert public["challengers"] == []
    assert public["guardrails"] == ["cost=1.5"]


def test_public_settings_show_scheme_and_host_of_the_webhook() -> None:
    """Its path, its query and its user may be secrets, which neither log line nor repr holds."""
    url = "https://user:s3cret@hooks.example.org:8443/T01/s3cret?key=s3cret"
    settings = read_settings({**CHAMPION, "UNDERSTUDY_ALERT_WEBHOOK": url})
    assert settings.public()["alert_webhook"] == "https://hooks.example.org/…"
    assert "s3cret" not in json.dumps(settings.public()) + repr(settings)


def test_an_unknown_variable_is_refused_even_when_empty() -> None:
    """A typo is not silent because its value is."""
    with pytest.raises(CallError, match="UNDERSTUDY_TYPO is no setting"):
        read_settings({"UNDERSTUDY_CHAMPION": "store/docs/1", "UNDERSTUDY_TYPO": ""})


def test_settings_are_read_without_torch() -> None:
    """A wrong setting is an error at once, not after seconds of imports."""
    program = "import sys, service.settings; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

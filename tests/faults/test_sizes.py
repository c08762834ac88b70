"""Bundles of a few bytes that ask for any amount of memory or time."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import load, save

from artifacts.bundle import opening
from artifacts.bundle.tokenizer import load_tokenizer
from guards.bundle.layout import (
    CONFIG,
    ENGINE_ANSWERS,
    MANIFEST,
    PROBE_ARRAYS,
    PROBE_DOCUMENTS,
    REFERENCE,
    TOKENIZER,
    WEIGHTS,
    engine_part,
)
from tests.faults.resealing import edit_json, edit_manifest, findings_of, reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from guards.errors import Finding
    from guards.json_types import JsonObject

    Copy = Callable[[Path], Path]


def refused_early(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> Finding:
    """Return the only finding of a bundle of which neither columns nor network may be built."""
    for name in ("empty_network", "load_safetensors", "load_tokenizer"):
        monkeypatch.setattr(opening, name, lambda *_: pytest.fail("built"))
    monkeypatch.setattr("guards.integrity.verify.loads", lambda *_: pytest.fail("unpickled"))
    started = time.process_time()
    (finding,) = findings_of(bundle)
    assert time.process_time() - started < 1
    return finding


def _encoder(**settings: object) -> Callable[[JsonObject], None]:
    return lambda config: config["encoder"].update(settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"num_hidden_layers": 10**7},
        {"num_attention_heads": 10**9},
        {"max_position_embeddings": 10**10},
        {"sections": [{"num_experts": 10**8}]},
    ],
)
def test_configuration_of_a_network_that_nobody_can_hold(
    settings: JsonObject, champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers beyond the weights are refused before the columns are unpickled."""
    bundle = copied(champion)
    edit_json(bundle, CONFIG, _encoder(**settings))

    finding = refused_early(bundle, monkeypatch)

    assert (finding.code, finding.subject) == ("network_mismatch", CONFIG)


@pytest.mark.parametrize(
    "settings",
    [
        {"num_hidden_layers": 900},
        {"intermediate_size": 2**23},
        {"vocab_size": 2**24},
        {"max_position_embeddings": 2**24},
        {"model_type": "distilbert"},
    ],
)
def test_configuration_of_another_network(
    settings: JsonObject, champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network of other layers and widths than the weights is laid out and never built."""
    bundle = copied(champion)
    edit_json(bundle, CONFIG, _encoder(**settings))
    for name in ("empty_network", "load_safetensors"):
        monkeypatch.setattr(opening, name, lambda *_: pytest.fail("built"))

    (finding,) = findings_of(bundle)

    assert (finding.code, finding.subject) == ("network_mismatch", CONFIG)


def test_code_below_the_encoder(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that a configuration names at any depth is neither run nor asked about."""
    bundle = copied(champion)
    code = {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}
    edit_json(bundle, CONFIG, _encoder(auto_map=code, sections=[{"auto_map": code}]))
    monkeypatch.setattr("builtins.input", lambda *_: pytest.fail("asked"))

    assert opening.open_bundle(bundle).labels


def _announcing(dtype: str, shape: str) -> bytes:
    header = f"{{'descr': {dtype}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + bytes(8)


def _probes(write: Callable[..., None], **arrays: Any) -> bytes:  # noqa: ANN401 (arrays by name)
    buffer = io.BytesIO()
    write(buffer, **arrays)
    return buffer.getvalue()


_EMPTY = {
    "token_ids": np.zeros(10**7, np.int64),
    "lengths": np.zeros(0, np.int64),
    "columns": np.zeros((0, 0)),
    "probabilities": np.zeros((0, 3), np.float32),
}
_DEEP = b'{"a":' * 990 + b"1" + b"}" * 990


@pytest.mark.parametrize(
    ("part", "data"),
    [
        (PROBE_ARRAYS, _probes(np.savez_compressed, **_EMPTY)),
        (PROBE_DOCUMENTS, b"[" * 990 + b"]" * 990),
        (PROBE_DOCUMENTS, b'{"text": "a"}'),
        (REFERENCE, _DEEP),
        (TOKENIZER, _DEEP),
        (CONFIG, _DEEP),
        (WEIGHTS, (2**62).to_bytes(8, "little")),
        (WEIGHTS, (len(_DEEP)).to_bytes(8, "little") + _DEEP),
    ],
)
def test_parts_that_announce_more_than_they_hold(
    part: str, data: bytes, champion: Path, copied: Copy
) -> None:
    """Arrays that are compressed, JSON that is deep and headers that lie are unreadable parts."""
    bundle = copied(champion)
    reseal(bundle, {part: data})

    (finding,) = findings_of(bundle)

    assert finding.code == "part_unreadable"
    assert part in finding.subject


@pytest.mark.parametrize(
    ("dtype", "shape"),
    [
        ("'<f4'", "(1000000000000, 3)"),
        ("'<f4'", "(4294967296, 4294967296)"),
        ("'<U50000000'", "(1,)"),
        ("'|O'", "(1,)"),
    ],
)
def test_answers_of_an_engine_that_announce_more(
    dtype: str, shape: str, accelerated: Path, copied: Copy
) -> None:
    """So are an engine's answers of another type than numbers, or of terabytes of them."""
    bundle = copied(accelerated)
    part = engine_part("onnx-int8", ENGINE_ANSWERS)
    reseal(bundle, {part: _announcing(dtype, shape)})

    (finding,) = findings_of(bundle)

    assert (finding.code, finding.subject) == ("part_unreadable", part)


@pytest.mark.parametrize("levels", [100, 990, 200_000])
def test_deep_manifest(levels: int, champion: Path, copied: Copy) -> None:
    """A manifest of many levels is no manifest, whether or not it could be parsed."""
    bundle = copied(champion)
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    manifest["lineage"] = {"deep": "DEEP"}
    deep = "[" * levels + "]" * levels
    (bundle / MANIFEST).write_text(json.dumps(manifest).replace('"DEEP"', deep))

    (finding,) = findings_of(bundle)

    assert (finding.code, finding.subject) == ("manifest_invalid", MANIFEST)
    assert "levels" in finding.observed


def test_windows_longer_than_any_network(
    champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text of a billion tokens is never cut, and no network takes it."""
    bundle = copied(champion)
    edit_manifest(bundle, lambda manifest: manifest["text"].update(max_length=10**9))

    finding = refused_early(bundle, monkeypatch)

    assert (finding.code, finding.observed) == ("manifest_invalid", str(10**9))


@pytest.mark.parametrize(
    "step",
    [
        {"type": "Replace", "pattern": {"String": "e"}, "content": "e" * 10**6},
        {"type": "Replace", "pattern": {"Regex": "(e+)+x"}, "content": ""},
        {"type": "Prepend", "prepend": "e" * 10**6},
        {"type": "Sequence", "normalizers": [{"type": "ByteLevel"}] * 20},
    ],
)
def test_tokenizer_that_makes_gigabytes_of_a_text(
    step: JsonObject, champion: Path, copied: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step that is not bounded by the text is refused before a tokenizer is made of it."""
    bundle = copied(champion)
    edit_json(bundle, TOKENIZER, lambda tokenizer: tokenizer.update(normalizer=step))

    finding = refused_early(bundle, monkeypatch)

    assert finding.code == "tokenizer_unbounded"
    assert finding.subject.startswith(TOKENIZER)


def test_weights_of_more_layers(champion: Path, copied: Copy) -> None:
    """Weights that the network has no place for are named, and what to do about them."""
    bundle = copied(champion)
    weights = load((bundle / WEIGHTS).read_bytes())
    more = {**weights, "encoder.more": np.zeros(3, np.float32)}
    reseal(bundle, {WEIGHTS: save(more, metadata={"format": "pt"})})

    (finding,) = findings_of(bundle)

    assert finding.code == "network_mismatch"
    assert "'encoder.more'" in finding.observed


def test_a_character_map_at_which_the_library_panics() -> None:
    """A panic of the library of tokenizers is an error like others, and ends no thread."""
    step = {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(b"\0\0\0").decode()}
    content: JsonObject = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [],
        "normalizer": step, "pre_tokenizer": None, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"},
    }  # fmt: skip

    with pytest.raises(ValueError, match="the library of tokenizers fails"):
        load_tokenizer(json.dumps(content).encode())

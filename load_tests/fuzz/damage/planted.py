"""Plant what is small in a file and costs much, or runs, when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from guards.bundle.layout import COLUMNS, CONFIG, MANIFEST, TOKENIZER
from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.hostile import CANARY, nested
from load_tests.fuzz.resealing import agree, agree_with, dumped, edit_json, edit_manifest, reseal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from guards.json_types import JsonObject

__all__ = ["plant"]

_CODE = f"open({CANARY!r}, 'w')\n".encode()
_SIZES = (
    "hidden_size", "num_hidden_layers", "intermediate_size", "vocab_size", "num_attention_heads",
    "max_position_embeddings", "type_vocab_size", "columns_width", "n_layers", "dim",
    "num_labels", "layers", "local_attention", "global_attn_every_n_layers", "pad_token_id",
)  # fmt: skip
_EXPRESSIONS = (
    "(a+)+$", "(a|aa)+$", "(\\w*)*x", "(?:.*a){25}", "\\p{L}{1000}{1000}", "(", "(x+x+)+y",
)  # fmt: skip


def plant(rng: Random, bundle: Path) -> str:
    """Change one part of a bundle into what costs or runs, seal it again, and say what it was."""
    name = rng.choice([*_PLANTS])
    return f"{name}: {_PLANTS[name](rng, bundle)}"


def _remote_code(rng: Random, bundle: Path) -> str:
    """Name a class in a module of the bundle, at any depth of the configuration."""
    reseal(bundle, {"model/evil.py": _CODE, "preprocessing/evil.py": _CODE})
    kind = rng.choice(
        ("AutoConfig", "AutoModel", "AutoModelForSequenceClassification", "AutoTokenizer")
    )
    named = {kind: "evil.Evil", "AutoConfig": "evil.Evil"}
    field = rng.choice(("auto_map", "custom_pipelines", "tokenizer_class", "trust_remote_code"))
    value: Any = named if field == "auto_map" else True if field[:5] == "trust" else "evil.Evil"
    depth = rng.randrange(3)

    def edit(config: JsonObject) -> None:
        holder: JsonObject = config
        for _ in range(depth):
            inner = [one for one in holder.values() if isinstance(one, dict)]
            holder = rng.choice(inner) if inner else holder.setdefault("text_config", {})
        holder[field] = value
        if happens(rng, 0.5):
            holder["model_type"] = rng.choice(("evil", "bert", "auto"))

    edit_json(bundle, CONFIG, edit)
    return f"{field} at depth {depth}"


def _sizes(rng: Random, bundle: Path) -> str:
    """Make one to three sizes of the network very large."""
    chosen = rng.sample(_SIZES, rng.randint(1, 3))
    value = rng.choice((10**4, 10**6, 10**7, 2**31, 2**62))

    def edit(config: JsonObject) -> None:
        encoder = config.get("encoder") or config
        for holder in (config, encoder if isinstance(encoder, dict) else config):
            holder.update({name: value for name in chosen if name in holder or happens(rng, 0.3)})

    edit_json(bundle, CONFIG, edit)
    return f"{', '.join(chosen)} = {value}"


def _compressed(rng: Random, bundle: Path) -> str:
    """Put columns there that are small as a file and large in memory."""
    made: dict[str, Callable[[], object]] = {
        "zeros": lambda: np.zeros(100_000_000, dtype=np.int8),
        "strings": lambda: ["x" * 30_000_000, "y" * 30_000_000],
        "width of a text": lambda: np.zeros(1, dtype="U20000000"),
        "the same one many times": lambda: [[np.zeros(1_000_000)]] * 5000,
        "nested": lambda: nested(400),
    }
    how = rng.choice([*made])
    large = made[how]()
    estimator = joblib.load(bundle / COLUMNS)
    vars(estimator)[rng.choice(("note_", "n_features_in_", "transformers_", "sparse_output_"))] = (
        large
    )
    reseal(
        bundle, {COLUMNS: dumped(estimator, rng.choice((0, 3, ("xz", 1), ("lzma", 1), ("bz2", 1))))}
    )
    return how


def _expressions(rng: Random, bundle: Path) -> str:
    """Put an expression that takes long into the tokenizer."""
    expression = rng.choice(_EXPRESSIONS)
    pattern = {"Regex": expression}
    steps = (
        {"type": "Replace", "pattern": pattern, "content": rng.choice(("", "a" * 1000))},
        {"type": "Split", "pattern": pattern, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        {"type": "Precompiled", "precompiled_charsmap": "AAAA"},
        {"type": "Sequence", "normalizers": [{"type": "Append", "append": "x"}] * 500},
    )
    field = rng.choice(("normalizer", "pre_tokenizer", "decoder"))
    edit_json(bundle, TOKENIZER, lambda one: one.update({field: rng.choice(steps)}))
    agree(bundle)
    return f"{field} {expression}"


def _patterns(rng: Random, bundle: Path) -> str:
    """Set what costs, such as expressions, jobs and widths, in every estimator of the columns."""
    estimator = joblib.load(bundle / COLUMNS)
    settings = {
        "token_pattern": rng.choice(_EXPRESSIONS),
        "n_jobs": rng.choice((64, -1, 10**6)),
        "n_features": rng.choice((2**31, 2**62, -1)),
        "ngram_range": (1, rng.choice((50, 10**7))),
        "max_features": 10**9,
        "degree": rng.choice((12, 10**6)),
        "n_quantiles": 10**9,
        "analyzer": "char",
        "verbose": True,
        "preprocessor": rng.choice((str, "os.system", np.memmap)),
    }
    name = rng.choice([*settings])
    _set_everywhere(estimator, name, settings[name])
    reseal(bundle, {COLUMNS: dumped(estimator)})
    agree_with(bundle, estimator)
    return f"{name} = {settings[name]}"


def _set_everywhere(value: Any, name: str, setting: object) -> None:  # noqa: ANN401
    if isinstance(value, list | tuple):
        for item in value:
            _set_everywhere(item, name, setting)
    elif type(value).__module__.startswith("sklearn."):
        if name in vars(value):
            vars(value)[name] = setting
        for inner in [*vars(value).values()]:
            _set_everywhere(inner, name, setting)


def _manifest(rng: Random, bundle: Path) -> str:
    """Make a manifest that is deep, large, or says much."""
    how = rng.choice(
        ("brackets", "deep state", "many parts", "many labels", "long name", "trusted")
    )
    if how == "brackets":
        (bundle / MANIFEST).write_text("[" * rng.choice((990, 200_000)))
        return how
    edits: dict[str, Callable[[JsonObject], None]] = {
        "deep state": lambda m: m["preprocessing"].update(state={"a": nested(900)}),
        "many parts": lambda m: m["parts"].update(
            {f"p/{i}": {"size": 1, "sha256": "0" * 64} for i in range(20_000)}
        ),
        "many labels": lambda m: m.update(labels=[f"l{i}" for i in range(100_000)]),
        "long name": lambda m: m.update(name="\x1b[2J" * 50_000),
        "trusted": lambda m: m.update(trusted=["os.system", "builtins.eval", "\x1b[2J"]),
    }
    edit_manifest(bundle, edits[how])
    return how


_PLANTS: dict[str, Callable[[Random, Path], str]] = {
    "remote code": _remote_code,
    "sizes": _sizes,
    "compressed": _compressed,
    "expressions": _expressions,
    "patterns": _patterns,
    "manifest": _manifest,
}

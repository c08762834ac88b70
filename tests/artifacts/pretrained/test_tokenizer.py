"""The tokenizer that is sealed is the one in the files, or a person says which reading counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import transformers
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from artifacts.pretrained.encoding import TEXTS
from artifacts.pretrained.tokenizer import check_vocabulary, read_tokenizers
from guards.errors import Finding, GuardRefused
from tests.artifacts.pretrained.tokenizers_of_each_kind import KINDS, SPECIAL, saved

if TYPE_CHECKING:
    from pathlib import Path

    from artifacts.pretrained.tokenizer import TokenizerFrom
    from guards.json_types import JsonObject

SAVED_BY_THE_LIBRARY = [
    *((kind, "PreTrainedTokenizerFast", "bert") for kind in KINDS),
    ("word pieces", "BertTokenizer", "bert"),
    ("word pieces", "FunnelTokenizer", "funnel"),
    ("word pieces", "MPNetTokenizer", "mpnet"),
    ("bytes", "RobertaTokenizer", "roberta"),
    ("bytes", "GPT2Tokenizer", "gpt2"),
    ("split bytes", "RobertaTokenizer", "roberta"),
    ("characters", "HerbertTokenizer", "bert"),
    ("unigram", "XLMRobertaTokenizer", "xlm-roberta"),
    ("unigram", "AlbertTokenizer", "albert"),
    ("unigram", "DebertaV2Tokenizer", "deberta-v2"),
]
UNDER_ANOTHER_CLASS = [
    ("unigram", "bert", "BertTokenizer"),
    ("unigram", "albert", "AlbertTokenizer"),
    ("split bytes", "roberta", "RobertaTokenizer"),
    ("words", "bert", "BertTokenizer"),
    ("characters", "bert", "BertTokenizer"),
]


def ids(tokenizer: Tokenizer) -> list[list[int]]:
    """Encode every text that tokenizers are tried on."""
    return [tokenizer.encode(text).ids for text in TEXTS]


def refused(
    directory: Path, tokenizer_from: TokenizerFrom | None = None, *, is_base: bool = False
) -> Finding:
    """Return the one finding about a tokenizer."""
    with pytest.raises(GuardRefused) as refusal:
        read_tokenizers(directory, "--model it", tokenizer_from, is_base=is_base)
    (finding,) = refusal.value.findings
    return finding


@pytest.mark.parametrize(("kind", "name", "model_type"), SAVED_BY_THE_LIBRARY)
def test_saved_by_the_library(kind: str, name: str, model_type: str, tmp_path: Path) -> None:
    """What save_pretrained wrote is read as the tokenizer that was saved, whatever its class."""
    source = saved(tmp_path / "source", KINDS[kind](), model_type)
    trained = getattr(transformers, name).from_pretrained(source, **SPECIAL)
    directory = tmp_path / "saved"
    trained.save_pretrained(directory)
    (directory / "config.json").write_text(json.dumps({"model_type": model_type}))

    _, read = read_tokenizers(directory, "--model it")

    assert read.tokenizer_from == "file"
    assert ids(read.tokenizer) == [trained(text)["input_ids"] for text in TEXTS]


@pytest.mark.parametrize("kind", KINDS)
def test_file_counts_where_nothing_says_how_to_read_it(kind: str, tmp_path: Path) -> None:
    """Without a class or setting, tokenizer.json is taken as it is, and that is told."""
    tokenizer = KINDS[kind]()
    directory = saved(tmp_path / "model", tokenizer, "bert")

    ours, read = read_tokenizers(directory, "--model it")

    assert ids(read.tokenizer) == ids(tokenizer) == [ours(text)["input_ids"] for text in TEXTS]
    (note,) = read.notes
    assert note.startswith("tokenizer.json counts as it is; transformers")


@pytest.mark.parametrize(("kind", "model_type", "name"), UNDER_ANOTHER_CLASS)
def test_two_readings(kind: str, model_type: str, name: str, tmp_path: Path) -> None:
    """Where the class reads the files otherwise, it is refused until somebody says which counts."""
    tokenizer = KINDS[kind]()
    directory = saved(tmp_path / "model", tokenizer, model_type, tokenizer_class=name)

    finding = refused(directory)
    by_file, file = read_tokenizers(directory, "--model it", "file")
    by_library, library = read_tokenizers(directory, "--model it", "library")

    assert finding.code == "tokenizer_contradicts_itself"
    assert f"as {name} of transformers {transformers.__version__}" in finding.expected
    assert "--tokenizer-from file" in finding.remedy
    assert "--tokenizer-from library" in finding.remedy
    theirs = AutoTokenizer.from_pretrained(directory)
    assert (file.tokenizer_from, library.tokenizer_from) == ("file", "library")
    assert ids(file.tokenizer) == ids(tokenizer)
    assert ids(library.tokenizer) == [theirs(text)["input_ids"] for text in TEXTS]
    assert ids(file.tokenizer) == [by_file(text)["input_ids"] for text in TEXTS]
    assert ids(library.tokenizer) == [by_library(text)["input_ids"] for text in TEXTS]


@pytest.mark.parametrize(
    ("kind", "model_type", "settings"),
    [
        ("word pieces", "bert", {"do_lower_case": False}),
        ("word pieces", "distilbert", {"do_lower_case": False}),
        ("word pieces", "bert", {"tokenizer_class": "BertTokenizer", "strip_accents": False}),
        ("word pieces", "bert", {"tokenize_chinese_chars": False}),
        ("bytes", "roberta", {"add_prefix_space": True}),
    ],
)
def test_setting_against_the_file(
    kind: str, model_type: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    """A setting that tokenizer.json does not have is refused, and the option settles it."""
    directory = saved(tmp_path / "model", KINDS[kind](), model_type, **settings)

    assert refused(directory).code == "tokenizer_contradicts_itself"
    first, second = (
        read_tokenizers(directory, "--model it", choice)[1] for choice in ("file", "library")
    )
    assert ids(first.tokenizer) != ids(second.tokenizer)


@pytest.mark.parametrize(("kind", "model_type", "name"), UNDER_ANOTHER_CLASS)
def test_base_that_is_read_in_two_ways(
    kind: str, model_type: str, name: str, tmp_path: Path
) -> None:
    """A base has no training behind it that ran either reading: its file counts, with a note."""
    tokenizer = KINDS[kind]()
    directory = saved(tmp_path / "model", tokenizer, model_type, tokenizer_class=name)

    _, read = read_tokenizers(directory, "--base it", is_base=True)

    assert read.tokenizer_from == "file"
    assert ids(read.tokenizer) == ids(tokenizer)
    (note,) = read.notes
    assert "by tokenizer.json" in note
    assert "`--tokenizer-from library`" in note


@pytest.mark.parametrize(
    "settings",
    [
        {"do_lower_case": False},
        {"strip_accents": False},
        {"tokenize_chinese_chars": False},
        {"do_lower_case": False, "tokenizer_class": "DistilBertTokenizer"},
    ],
)
def test_base_against_its_declared_settings(settings: JsonObject, tmp_path: Path) -> None:
    """A declared setting that tokenizer.json does not have is refused of a base as of a model."""
    settings = {"tokenizer_class": "BertTokenizer"} | settings
    directory = saved(tmp_path / "model", KINDS["word pieces"](), "bert", **settings)

    assert refused(directory, is_base=True) == refused(directory)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("added_tokens.json", {"[ENT]": 400}),
        ("special_tokens_map.json", {"additional_special_tokens": ["[ENT]"]}),
        ("tokenizer_config.json", {"additional_special_tokens": ["[ENT]"]}),
        ("tokenizer_config.json", {"extra_special_tokens": ["[ENT]"]}),
        ("tokenizer_config.json", {"extra_special_tokens": {"entity_token": "[ENT]"}}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"400": {"content": "[ENT]"}}}),
        ("tokenizer_config.json", {"mask_token": "[ENT]"}),
        ("tokenizer_config.json", {"split_special_tokens": True}),
    ],
)
@pytest.mark.parametrize("kind", ["word pieces", "bytes"])
def test_tokens_that_another_file_declares(
    kind: str, name: str, content: JsonObject, tmp_path: Path
) -> None:
    """A token that tokenizer.json lacks is found, whichever file declares it, and settled."""
    model_type = {"bytes": "roberta"}.get(kind, "bert")
    class_name = {"bytes": "RobertaTokenizer"}.get(kind, "BertTokenizer")
    settings = {"tokenizer_class": class_name}
    directory = saved(tmp_path / "model", KINDS[kind](), model_type, **settings)
    file = directory / name
    known = json.loads(file.read_bytes()) if file.is_file() else {}
    file.write_text(json.dumps(known | content))

    finding = refused(directory)

    assert finding.code == "tokenizer_contradicts_itself"
    assert "split_special_tokens" in content or "[ENT]" in finding.expected
    assert read_tokenizers(directory, "--model it", "file")[1].notes == ()


def test_split_special_tokens_cannot_be_sealed(tmp_path: Path) -> None:
    """What tokenizer.json cannot hold is refused where the library's reading is asked for."""
    directory = saved(
        tmp_path / "model",
        KINDS["word pieces"](),
        "bert",
        tokenizer_class="PreTrainedTokenizerFast",
        split_special_tokens=True,
    )

    finding = refused(directory, "library")

    assert finding.code == "tokenizer_contradicts_itself"
    assert "split_special_tokens" in finding.remedy


def test_normaliser_that_changes_no_token(tmp_path: Path) -> None:
    """A normaliser that is only written otherwise is noted, and not refused."""
    tokenizer = KINDS["word pieces"]()
    tokenizer.normalizer = normalizers.Sequence([normalizers.BertNormalizer(lowercase=True)])
    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": True}
    directory = saved(tmp_path / "model", tokenizer, "bert", **settings)

    _, read = read_tokenizers(directory, "--model it")

    (note,) = read.notes
    assert "writes its normalizer otherwise" in note


@pytest.mark.parametrize("is_base", [False, True])
@pytest.mark.parametrize(
    ("choice", "name"),
    [
        (None, "PreTrainedTokenizerFast"),
        ("file", "PreTrainedTokenizerFast"),
        ("library", "PreTrainedTokenizerFast"),
        (None, "RobertaTokenizer"),
        ("file", "RobertaTokenizer"),
    ],
)
def test_dropout_is_off(
    choice: TokenizerFrom | None, name: str, tmp_path: Path, *, is_base: bool
) -> None:
    """What drops merges at random in training does not in what is sealed, and that is told."""
    tokenizer = KINDS["bytes"]()
    undropped = ids(tokenizer)
    tokenizer.model.dropout = 0.5
    directory = saved(tmp_path / "model", tokenizer, "roberta", tokenizer_class=name)

    library, read = read_tokenizers(directory, "--model it", choice, is_base=is_base)

    assert "dropout of the tokenizer is for training, and is off" in read.notes
    assert ids(read.tokenizer) == undropped == [library(text)["input_ids"] for text in TEXTS]
    assert json.loads(read.tokenizer.to_str())["model"]["dropout"] is None


@pytest.mark.parametrize("is_base", [False, True])
@pytest.mark.parametrize("choice", [None, "file", "library"])
def test_tokenizer_that_panics(
    choice: TokenizerFrom | None,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    *,
    is_base: bool,
) -> None:
    """A tokenizer that would panic on a long run is one finding, and is not tried."""
    tokenizer = KINDS["words"]()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"(x+x+)+y"), "isolated")
    settings = {"tokenizer_class": "PreTrainedTokenizerFast"}
    directory = saved(tmp_path / "model", tokenizer, "bert", **settings)

    assert refused(directory, choice, is_base=is_base).code == "tokenizer_unbounded"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("declared", [None, ["input_ids", "attention_mask"]])
@pytest.mark.parametrize("choice", [None, "file"])
def test_segments_that_tokenizer_json_marks(
    choice: TokenizerFrom | None, declared: list[str] | None, tmp_path: Path
) -> None:
    """Segments are returned as transformers 4 did, unless a file says what is."""
    tokenizer = KINDS["word pieces"]()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s>:2 $A:0 </s>:0",
        special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")],
    )
    settings = {"tokenizer_class": "PreTrainedTokenizerFast"} | (
        {} if declared is None else {"model_input_names": declared}
    )
    directory = saved(tmp_path / "model", tokenizer, "funnel", **settings)

    library, _ = read_tokenizers(directory, "--model it", choice)

    assert library("a").get("token_type_ids", [])[:1] == ([2] if declared is None else [])


@pytest.mark.parametrize("where", ["tokenizer.json", "tokenizer_config.json"])
def test_text_that_is_cut_at_its_beginning(where: str, tmp_path: Path) -> None:
    """A tokenizer that keeps the ends of long texts is refused, whichever file says so."""
    tokenizer = KINDS["word pieces"]()
    if where == "tokenizer.json":
        tokenizer.enable_truncation(17, direction="left")
    directory = saved(
        tmp_path / "model",
        tokenizer,
        "bert",
        tokenizer_class="PreTrainedTokenizerFast",
        **({} if where == "tokenizer.json" else {"truncation_side": "left"}),
    )

    assert refused(directory).observed == "truncation_side left"


def test_dropped_characters_are_told(tmp_path: Path) -> None:
    """A model that leaves out what it does not know, without a token for it, gets a note."""
    tokenizer = Tokenizer(models.BPE({"a": 0, "<s>": 1}, []))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 1)]
    )
    PreTrainedTokenizerFast(tokenizer_object=tokenizer).save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))

    (note,) = read_tokenizers(tmp_path, "--model it")[1].notes

    assert "drops what its vocabulary lacks, such as 'motion'" in note


def test_tokens_without_embeddings() -> None:
    """A token id beyond the rows of the embedding is refused with both numbers."""
    tokenizer = KINDS["words"]()
    rows = tokenizer.get_vocab_size()
    check_vocabulary("it", rows, tokenizer)

    with pytest.raises(GuardRefused, match=f"below {rows - 1}") as refusal:
        check_vocabulary("it", rows - 1, tokenizer)
    assert refusal.value.findings[0].observed == f"token id {rows - 1}"

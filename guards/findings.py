"""The catalogue of findings: every code that the guard can report, what it means, what to do.

``docs/findings.md`` is rendered from it, and a finding without a remedy of its own has the one of
its code. A code is stable: scripts rely on it. A cause with another remedy than the usual one of
its code states it where the finding is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CATALOGUE", "Code", "Entry", "Section"]

Code = Literal[
    "bundle_missing",
    "bundle_not_a_directory",
    "bundle_unreadable",
    "manifest_missing",
    "manifest_invalid",
    "root_changed",
    "part_missing",
    "part_changed",
    "part_unexpected",
    "part_is_a_link",
    "part_is_an_lfs_pointer",
    "part_unreadable",
    "signature_missing",
    "signature_invalid",
    "signature_of_another_key",
    "pinned_other",
    "unpickling_refused",
    "preprocessing_changed",
    "preprocessing_mismatch",
    "labels_changed",
    "columns_mismatch",
    "width_mismatch",
    "vocabulary_mismatch",
    "reference_mismatch",
    "weights_of_another_precision",
    "network_mismatch",
    "weights_not_finite",
    "tokenizer_unbounded",
    "engine_over_budget",
    "engine_probe_failed",
    "engine_unavailable",
    "engine_graph_forbidden",
    "engine_not_of_these_weights",
    "load_failed",
    "probe_failed",
    "environment_differs",
    "labels_disjoint",
    "bundle_replaced",
    "recheck_failed",
    "model_incomplete",
    "model_not_supported",
    "tokenizer_cannot_encode",
    "tokenizer_contradicts_itself",
    "fitted_under_another_version",
    "categories_collide",
    "columns_unsafe",
    "unknown_looks_known",
    "labels_contradict",
    "labels_exchanged",
    "weights_unused",
    "answers_differ",
    "answers_not_finite",
    "model_changes_itself",
    "bundle_too_costly",
    "bundle_crashes",
]


class Section(StrEnum):
    """The headings of the page, in its order."""

    BYTES = "The bundle and its bytes"
    MAKER = "Who made it"
    PREPROCESSING = "What training and serving must share"
    ENGINE = "The quantised engine"
    LIBRARIES = "What the libraries make of it"
    ROLES = "What champion and challenger must share"
    SERVING = "While it serves"
    SEALING = "When sealing what was trained elsewhere"


@dataclass(frozen=True, slots=True)
class Entry:
    """What a code means, and what to do about it unless the finding says otherwise."""

    section: Section
    meaning: str
    remedy: str


CATALOGUE: Mapping[Code, Entry] = {
    "bundle_missing": Entry(
        Section.BYTES,
        "nothing is at that path",
        "give the path of a bundle: the directory that `understudy train … --out` made",
    ),
    "bundle_not_a_directory": Entry(
        Section.BYTES,
        "a file is at that path",
        "give the directory that `--out` made, not a file or an archive of it",
    ),
    "bundle_unreadable": Entry(
        Section.BYTES,
        "the system does not let this user read it",
        "make the directory and its files readable by this user, or run as a user who may read "
        "them",
    ),
    "manifest_missing": Entry(
        Section.BYTES,
        "a directory without `manifest.json`: not a bundle, or half a copy",
        "give the very directory that `--out` made, and copy it again where the copy is not whole",
    ),
    "manifest_invalid": Entry(
        Section.BYTES,
        "the manifest is not JSON, of another format version, lists a part twice, or lists a path "
        "outside the bundle",
        "copy the manifest again from where the bundle was sealed; where another version of "
        "Understudy made it, seal the bundle again with this one",
    ),
    "root_changed": Entry(
        Section.BYTES,
        "the manifest was edited: its content has another fingerprint than it says",
        "restore the manifest that was sealed; to change what it says, seal the bundle again",
    ),
    "part_missing": Entry(
        Section.BYTES,
        "a file that the manifest lists is not there",
        "copy the bundle again, whole",
    ),
    "part_changed": Entry(
        Section.BYTES,
        "a file has another size or digest than when it was sealed",
        "copy the bundle again from where it was sealed; where the change is wanted, seal it again",
    ),
    "part_unexpected": Entry(
        Section.BYTES,
        "the bundle holds a file that was not sealed",
        "remove the file, or copy the bundle again",
    ),
    "part_is_a_link": Entry(
        Section.BYTES,
        "a link, directory or device where a file should be: its content could change any time",
        "copy the bundle with links followed (`cp -RL`)",
    ),
    "part_is_an_lfs_pointer": Entry(
        Section.BYTES,
        "git-lfs left its pointer instead of the file",
        "run `git lfs pull` where the bundle was checked out, then copy it again",
    ),
    "part_unreadable": Entry(
        Section.BYTES,
        "a part cannot be read as what it should be (JSON, joblib, probes, reference)",
        "copy the bundle again from where it was sealed, or seal it again",
    ),
    "signature_missing": Entry(
        Section.MAKER,
        "`SIGNATURE_KEYS` is set, and the bundle is not signed",
        "take the signed bundle from where it was sealed, or sign it there: "
        "`understudy sign BUNDLE --key PRIVATE.pem`",
    ),
    "signature_invalid": Entry(
        Section.MAKER,
        "the signature is malformed, or was made for another manifest: somebody changed the bundle "
        "and its manifest together",
        "take the bundle again from where it was signed; if it was changed on purpose, sign it "
        "again there",
    ),
    "signature_of_another_key": Entry(
        Section.MAKER,
        "it is signed with a key that `SIGNATURE_KEYS` does not name",
        "take the bundle that was signed with a key of yours, or, if you trust the signer, add the "
        "public key to SIGNATURE_KEYS",
    ),
    "pinned_other": Entry(
        Section.MAKER,
        "a sound bundle, and another than `PIN` names: an old one, perhaps",
        "deploy the pinned bundle, or change PIN",
    ),
    "unpickling_refused": Entry(
        Section.MAKER,
        "the fitted columns need code that a preprocessing never needs, or that was trusted when "
        "sealing and is not confirmed here: one finding says everything that must be confirmed",
        "do not open this file elsewhere; take the bundle from where it was sealed, or seal it "
        "again from estimators that are supported",
    ),
    "preprocessing_changed": Entry(
        Section.PREPROCESSING,
        "a fitted value, setting, vocabulary row or declared input differs; the subject names it "
        "(`age.mean_`)",
        "restore the preprocessing that the weights were trained with, or train again",
    ),
    "preprocessing_mismatch": Entry(
        Section.PREPROCESSING,
        "the weights were trained with another preprocessing than the one in the bundle",
        "restore weights and preprocessing of one training, or train again",
    ),
    "labels_changed": Entry(
        Section.PREPROCESSING,
        "the network's labels are in another order (`id2label 0 ↔ 2`)",
        "restore the configuration that the weights were trained with",
    ),
    "columns_mismatch": Entry(
        Section.PREPROCESSING,
        "the fitted columns take other inputs than the manifest declares",
        "restore the fitted columns that were sealed with this manifest, or seal the bundle again",
    ),
    "width_mismatch": Entry(
        Section.PREPROCESSING,
        "the network takes another number of encoded columns than there are",
        "restore the fitted columns that the network was trained with, or train again",
    ),
    "vocabulary_mismatch": Entry(
        Section.PREPROCESSING,
        "the tokenizer knows a token that the network has no row for",
        "restore the tokenizer that the network was trained with, or train again",
    ),
    "reference_mismatch": Entry(
        Section.PREPROCESSING,
        "the reference was built for other columns, categories or classes",
        "restore the reference that was sealed, or seal the bundle again",
    ),
    "weights_of_another_precision": Entry(
        Section.PREPROCESSING,
        "the weights have another type than the configuration",
        "restore the weights that were sealed, or seal the bundle again",
    ),
    "network_mismatch": Entry(
        Section.PREPROCESSING,
        "the configuration describes another network than the weights are of: more layers, other "
        "widths, or tables that nobody could hold in memory",
        "restore `config.json` as it was sealed with these weights, or seal the bundle again",
    ),
    "weights_not_finite": Entry(
        Section.PREPROCESSING,
        "a weight is NaN, infinite, or too large to compute with in float32",
        "give a checkpoint from before the training diverged, or train again at a lower rate",
    ),
    "tokenizer_unbounded": Entry(
        Section.PREPROCESSING,
        "a step of the tokenizer takes more time or memory than a text is long: an expression that "
        "backtracks, a replacement that is long, a text that is filled up",
        "take the bundle from where it was sealed, or train with a tokenizer without that step",
    ),
    "engine_over_budget": Entry(
        Section.ENGINE,
        "the bundle carries an engine that changes more labels than it may, or whose answers were "
        "not compared",
        "replace the engine with `understudy accelerate`, which removes it where none is within "
        "its budget",
    ),
    "engine_probe_failed": Entry(
        Section.ENGINE,
        "the engine answers the probes otherwise on this processor than where it was built",
        "serve with ENGINE=torch on this processor, or build the engine here with "
        "`understudy accelerate`",
    ),
    "engine_unavailable": Entry(
        Section.ENGINE,
        "the bundle carries no such engine, or it does not load, or its library is not installed",
        "build the engine with `understudy accelerate`, or install its library with "
        "`pip install 'understudy[onnx]'`",
    ),
    "engine_graph_forbidden": Entry(
        Section.ENGINE,
        "the graph has operators, functions, tensors or inputs that the exporter does not write: "
        "loops, files outside of it, tensors of gigabytes",
        "take the bundle again from where it was sealed, or replace the engine with "
        "`understudy accelerate`, which removes it where none is within its budget",
    ),
    "engine_not_of_these_weights": Entry(
        Section.ENGINE,
        "the graph computes something else than the network of the bundle: somebody changed one "
        "of both, or joined parts of two bundles",
        "take the bundle again from where it was sealed; where the weights are the right ones, "
        "build the engine again with `understudy accelerate`",
    ),
    "load_failed": Entry(
        Section.LIBRARIES,
        "the network cannot be built from configuration and weights",
        "install the library versions in the manifest's environment, or seal the bundle again",
    ),
    "probe_failed": Entry(
        Section.LIBRARIES,
        "a golden input does not give what it gave when the bundle was sealed, or gives nothing",
        "install the library that `environment_differs` names, or seal the bundle again under the "
        "installed ones",
    ),
    "environment_differs": Entry(
        Section.LIBRARIES,
        "another version: reason enough under `ENVIRONMENT_POLICY=exact`; beside `probe_failed`, "
        "the probable reason",
        "install the version that the bundle was sealed under",
    ),
    "labels_disjoint": Entry(
        Section.ROLES,
        "a challenger knows none of the champion's labels: they could never agree",
        "give a challenger that was trained on the champion's labels, or leave it out",
    ),
    "bundle_replaced": Entry(
        Section.SERVING,
        "the service, or a process that it started again, found another bundle at the path than "
        "the guard had passed",
        "restart the service to serve the new one, and seal every version in its own directory",
    ),
    "recheck_failed": Entry(
        Section.SERVING,
        "the live preprocessing could not be compared with the sealed one",
        "restart the service, and read its diagnostics",
    ),
    "model_incomplete": Entry(
        Section.SEALING,
        "weights are missing: a base model or a language model, not a fine-tuned one, or files "
        "that were not copied",
        "give the fine-tuned model, whole, not the base that it started from",
    ),
    "model_not_supported": Entry(
        Section.SEALING,
        "several labels a document, a number instead of a label, one output, a label for each "
        "token, an encoder with a decoder, an adapter, quantised weights or weights in another "
        "format, code of its own, a kind that does not classify text by itself, or a model that "
        "fails on some text",
        "give a model that was trained to choose one of several labels",
    ),
    "tokenizer_cannot_encode": Entry(
        Section.SEALING,
        "the tokenizer raises for some texts: it has no token for what its vocabulary lacks, for "
        "example",
        "give a tokenizer with an unknown token, or one that spells in bytes, and train with it",
    ),
    "tokenizer_contradicts_itself": Entry(
        Section.SEALING,
        "`tokenizer.json` gives other tokens than the library makes of the tokenizer's files "
        "(another class, tokens that another file adds, `do_lower_case` against the normaliser), "
        "or text is cut at its beginning",
        "make the files agree on what training used, or say with `--tokenizer-from` which counts",
    ),
    "fitted_under_another_version": Entry(
        Section.SEALING,
        "another scikit-learn fitted the columns: what they gave in training cannot be seen here",
        "seal where that version is installed, or `--accept-fitted-under VERSION`",
    ),
    "categories_collide": Entry(
        Section.SEALING,
        'two categories of an encoder would be one in a request, such as `1` and `" 1"`',
        "clean the column, and train again",
    ),
    "columns_unsafe": Entry(
        Section.SEALING,
        "not even ordinary numbers of a numeric column can be encoded",
        "name it `--categorical` where an encoder takes it",
    ),
    "unknown_looks_known": Entry(
        Section.SEALING,
        "an unknown category is encoded as a known one, as with `drop='first'` and "
        "`handle_unknown='ignore'`",
        "train with an encoder that tells them apart",
    ),
    "labels_contradict": Entry(
        Section.SEALING,
        "`id2label` and `label2id` of the model's `config.json` name an output differently: which "
        "of the two training used cannot be seen here",
        "write both as the labels were numbered in training",
    ),
    "labels_exchanged": Entry(
        Section.SEALING,
        "the model's answers fit the table's labels far better when labels are exchanged, or are "
        "right far less often than by chance",
        "make `id2label` and `label2id` of config.json, or the table's labels, those of training; "
        "where the figures are right as they are, `--accept-labels`",
    ),
    "weights_unused": Entry(
        Section.SEALING,
        "the files hold weights that the configured network has no place for (more layers, another "
        "kind of positions, a head that no model of its kind has), or of another shape: another "
        "network was trained",
        "make config.json that of the trained model; where these weights were not used in "
        "training, remove them",
    ),
    "answers_differ": Entry(
        Section.SEALING,
        "the network, as it would be sealed, answers a text otherwise than the library does with "
        "the same directory",
        "train a model whose answers need nothing beside token ids, such as BERT",
    ),
    "answers_not_finite": Entry(
        Section.SEALING,
        "the model answers a text with NaN or infinity",
        "give a model that answers every text with numbers: large weights overflow in float32, "
        "and training with gradient clipping keeps them small",
    ),
    "model_changes_itself": Entry(
        Section.SEALING,
        "an answer depends on the texts answered before, as with BigBird's `block_sparse` "
        "attention, which a short text switches off for good",
        "give --max-length a number of tokens within which it always attends in the same way "
        "(BigBird: at most (5 + 2 * num_random_blocks) * block_size), or train with full attention "
        '(`attention_type="original_full"`)',
    ),
    "bundle_too_costly": Entry(
        Section.LIBRARIES,
        "judging it took, or might take, more memory or time than its size explains",
        "take the bundle from where it was sealed; where the machine is slow, raise "
        "UNDERSTUDY_GUARD_SECONDS",
    ),
    "bundle_crashes": Entry(
        Section.LIBRARIES,
        "the process that judged it ended, or a library failed in a way that it never should",
        "take the bundle from where it was sealed, and do not open this one elsewhere",
    ),
}

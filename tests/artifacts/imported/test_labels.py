"""The labels of a model by its two maps: settled where that is certain, refused where not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from artifacts.imported.labels import OutputLabels, labels_of
from guards.errors import CallError, GuardRefused

if TYPE_CHECKING:
    from collections.abc import Sequence

GENERIC = {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}
GENERIC_IDS = {label: int(index) for index, label in GENERIC.items()}
NAMES = {"0": "accept", "1": "reject", "2": "defer"}
IDS = {"accept": 0, "reject": 1, "defer": 2}


def read(
    id2label: object, label2id: object = None, in_table: Sequence[str] = (), outputs: int = 3
) -> OutputLabels:
    """Return labels and notes for a model with these maps; None leaves a map out."""
    maps = {"id2label": id2label, "label2id": label2id}
    written = {name: value for name, value in maps.items() if value is not None}
    return labels_of(written, outputs, in_table, "--model here")


def settled(
    id2label: object, label2id: object = None, in_table: Sequence[str] = (), outputs: int = 3
) -> tuple[str, ...]:
    """Return the labels of a model with these maps; None leaves a map out."""
    return read(id2label, label2id, in_table, outputs).labels


@pytest.mark.parametrize(
    ("id2label", "label2id"),
    [
        (NAMES, IDS),
        (NAMES, None),
        (NAMES, {}),
        (NAMES, GENERIC_IDS),
        (GENERIC, IDS),
        (None, IDS),
        ({**GENERIC, "1": "reject"}, {"accept": 0, "LABEL_1": 1, "defer": 2}),
        (NAMES, {"accept": "0", "reject": "1"}),
    ],
    ids=[
        "agree", "no label2id", "empty label2id", "generic label2id", "generic id2label",
        "no id2label", "each has a part", "texts for numbers",
    ],
)  # fmt: skip
def test_names_from_either_map(id2label: object, label2id: object) -> None:
    """A real name is taken from whichever map has it."""
    assert settled(id2label, label2id, ["reject"]) == ("accept", "reject", "defer")


@pytest.mark.parametrize(
    ("id2label", "label2id", "both"),
    [
        (NAMES, {"accept": 1, "reject": 0, "defer": 2}, ("'accept'", "output 0", "1 by label2id")),
        (NAMES, {"accept": 0, "reject": 2, "defer": 1}, ("'reject'", "output 1", "2 by label2id")),
        (NAMES, {"yes": 0, "no": 1, "later": 2}, ("'accept'", "'yes'")),
        (NAMES, {**IDS, "approve": 0}, ("'accept'", "'approve'")),
        ({"0": "LABEL_1", "1": "LABEL_0", "2": "LABEL_2"}, GENERIC_IDS, ("'LABEL_0'", "output 1")),
        (GENERIC, {"accept": 0, "grant": 0}, ("'accept'", "'grant'")),
        (NAMES, {"accept": 0, " accept": 1}, ("'accept'", "output 0", "output 1")),
    ],
    ids=["two exchanged", "two others", "other names", "second name", "generic", "twice", "spaces"],
)
def test_maps_that_contradict_each_other(
    id2label: object, label2id: object, both: tuple[str, ...]
) -> None:
    """Where the maps disagree about an output, nobody can tell which was used in training."""
    with pytest.raises(GuardRefused) as refusal:
        settled(id2label, label2id)

    (finding,) = refusal.value.findings
    assert finding.code == "labels_contradict"
    assert all(part in finding.observed for part in both)


@pytest.mark.parametrize(
    ("id2label", "label2id", "in_table", "labels"),
    [
        (GENERIC, GENERIC_IDS, ["2", "0"], ("0", "1", "2")),
        (None, None, ["0", "1", "2"], ("0", "1", "2")),
        (GENERIC, None, ["LABEL_1"], ("LABEL_0", "LABEL_1", "LABEL_2")),
        ({"0": 0, "1": 1, "2": 2}, None, ["1"], ("0", "1", "2")),
    ],
)
def test_numbers_in_the_table(
    id2label: object, label2id: object, in_table: list[str], labels: tuple[str, ...]
) -> None:
    """Numbers in the table are the outputs of a model that has no names for them."""
    assert settled(id2label, label2id, in_table) == labels


@pytest.mark.parametrize(
    ("label2id", "in_table"), [(IDS, ["0", "1"]), (None, ["1", "3"]), (None, ["0", "accept"])]
)
def test_numbers_that_may_mean_other_outputs(label2id: object, in_table: list[str]) -> None:
    """Numbers are matched to no outputs that have names, and not where one is out of range."""
    with pytest.raises(CallError, match=r"the table has label .*, and the model knows"):
        settled(GENERIC, label2id, in_table)


@pytest.mark.parametrize(
    ("in_table", "outputs"),
    [(["1", "2"], 3), (["1", "2", "3", "4"], 5), (["0", "1"], 3), (["1"], 2), (["0"], 2)],
    ids=["from 1", "stars without the best", "the last one absent", "one", "zero alone"],
)
def test_numbers_that_may_be_counted_from_one(in_table: list[str], outputs: int) -> None:
    """Numbers without the first or the last output may mean other outputs, and are refused."""
    with pytest.raises(CallError, match=f"without both 0 and {outputs - 1} among them") as error:
        settled(None, None, in_table, outputs)
    assert "name the outputs in the id2label" in str(error.value)


def test_notes_about_names_that_id2label_lacks() -> None:
    """Where labels are not those of id2label, a note says what they are taken from."""
    assert read(NAMES, IDS, ["accept"]).notes == []
    (by_number,) = read(GENERIC, GENERIC_IDS, ["0", "2"]).notes
    assert by_number.startswith("outputs 0 to 2 have no names")
    (by_name,) = read({**GENERIC, "1": "reject"}, {"accept": 0, "defer": 2}, ["accept"]).notes
    assert by_name == "outputs 0, 2 are called 'accept', 'defer' by label2id alone"


@pytest.mark.parametrize("other", ["accept\u200b", "\u0430ccept", "Accept", "acc ept"])
def test_labels_that_look_the_same(other: str) -> None:
    """Labels that the eye takes for one are noted, and shown so that they can be told apart."""
    (note,) = read({"0": "accept", "1": other, "2": "defer"}).notes
    assert f"{other!a} of the model look the same" in note

    with pytest.raises(CallError) as error:
        read({"0": other, "1": "reject", "2": "defer"}, None, ["accept"])
    assert f"{other!a}" in str(error.value)


def test_canonical_form() -> None:
    """Truth values, whole numbers and spaces become what a table's labels become."""
    written = {"0": True, "1": 1.0, "2": " spaced ", "3": "cafe\u0301"}

    assert settled(written, None, outputs=4) == ("true", "1", "spaced", "caf\u00e9")


@pytest.mark.parametrize(
    "written",
    [
        {"1": "a", "2": "b", "3": "c"},
        {"0": "a", "1": "b"},
        {"0": "a", "2": "b"},
        {"0": "a", "1": "b", "2": "c", "3": "d"},
        {"0": "a", "1": "b", "01": "c"},
        {"first": "a", "second": "b", "third": "c"},
        ["a", "b", "c"],
    ],
)
def test_outputs_without_a_name(written: object) -> None:
    """A map that does not name each output once is a wrong call that says what was expected."""
    with pytest.raises(CallError, match=r"id2label of the model's config.json"):
        settled(written)


@pytest.mark.parametrize("value", [None, "", "  ", {"name": "a"}, float("nan")])
def test_names_that_are_none(value: Any) -> None:  # noqa: ANN401 (of many types)
    """What is missing or no text names no label."""
    with pytest.raises(CallError, match="names no label"):
        settled({**NAMES, "1": value})


@pytest.mark.parametrize(
    "written",
    [{"0": "a", "1": "b", "2": "a"}, {"0": "a", "1": "b", "2": " a"}, {"0": 1, "1": 2, "2": "1.0"}],
)
def test_two_outputs_of_one_name(written: object) -> None:
    """Two outputs cannot be one label, nor two spellings of one."""
    with pytest.raises(CallError, match="outputs 0 and 2 of the model are both called"):
        settled(written)


def test_labels_in_the_order_of_the_outputs() -> None:
    """Twelve labels keep their places, though their numbers are texts in the file."""
    labels = tuple(f"class {number}" for number in range(12))
    written = {key: labels[int(key)] for key in sorted(map(str, range(12)))}
    assert list(written)[:3] == ["0", "1", "10"]

    assert settled(written, None, ["class 11"], outputs=12) == labels


@pytest.mark.parametrize("strange", ["Accept", "refuse"])
def test_labels_that_the_model_lacks(strange: str) -> None:
    """A label of the table that is no output is a wrong call that names it, and the outputs."""
    with pytest.raises(CallError, match=f"label '{strange}', and the model knows 'accept'"):
        settled(NAMES, IDS, [strange])

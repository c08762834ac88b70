"""Unusual inputs that are counted and answered, or refused with their path."""

from __future__ import annotations

import contextlib
import gzip
import json
import time
from collections import Counter
from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

import pandas as pd
import pytest
from prometheus_client.parser import text_string_to_metric_families

from artifacts.bundle.opening import open_bundle
from artifacts.demo.documents import champion_training
from artifacts.tables import as_table
from artifacts.training.options import TrainingOptions
from artifacts.training.train import train
from service.http.schemas import parse_documents
from service.observation.input_counts import EXTRA, KINDS
from service.settings import Settings
from tests.bundles import ROLES
from tests.service.http.endpoint import Endpoint, running
from tests.serving.server import read_log
from tests.windows import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from artifacts.bundle.preprocessing import Encoding, Preprocessing
    from guards.json_types import JsonObject

MEGABYTE = 1_000_000
MEGABYTES = 30
"""How many times a megabyte of words an input may cost: far more than any of these does, and far
less than one that takes the square of its length."""

CAFE = "Caf\u00e9 d'\u00c9vry"
TEXT = "The motion, as filed, is denied."
PLAIN: Mapping[str, object] = {"pages": 3, "amount": 100.5, "court": "1", "sender": CAFE}
ABSENT = object()

TRAINED = {"NDCA": "1", "SDNY": "true", "EDTX": "2.50"}
"""What the courts of the demo's documents are called in the table of this module."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A served bundle, and its preprocessing beside it."""

    endpoint: Endpoint
    preprocessing: Preprocessing

    def ask(self, text: str = TEXT, /, **changed: object) -> JsonObject:
        """Send a document that must be answered, plain but for what is changed."""
        response = self.endpoint.client.post("/v1/classify", content=body_of(text, **changed))
        assert response.status_code == 200, response.text
        (prediction,) = response.json()["predictions"]
        return dict(prediction)

    def encoded(self, text: str = TEXT, /, **changed: object) -> Encoding:
        """Encode a document as the endpoint does."""
        body = json.loads(body_of(text, **changed))
        (parsed,) = parse_documents(body, self.preprocessing.schema)
        (encoding,) = self.preprocessing.encode([parsed.text], [parsed.row])
        return encoding

    def trained(self, text: str = TEXT, /, **cells: str) -> Encoding:
        """Encode a row of a CSV as training does; an empty cell is missing."""
        row = {name: str(value) for name, value in PLAIN.items()} | cells
        table = as_table(pd.DataFrame([{"text": text, "label": "letter", **row}]), ROLES, "a table")
        rows = self.preprocessing.canonical(table.documents)
        (encoding,) = self.preprocessing.encode([text], rows)
        return encoding

    @contextlib.contextmanager
    def counting(self, documents: int = 1, **expected: dict[str, int]) -> Iterator[None]:
        """Expect what is noticed of the documents inside, in window, status and scrape alike."""
        self.flushed()
        before = self._totals(), self._scraped(), self._observer.documents
        yield
        counts = _flat(expected)
        extra = sum(number for (kind, _), number in counts.items() if kind == EXTRA)
        apart = {key: number for key, number in counts.items() if key[0] != EXTRA}
        window = self.flushed()
        assert (window is None) is (documents == 0)
        if window is not None:
            assert tuple(window["inputs"]) == KINDS
            assert _flat(window["inputs"]) == counts
        assert self._totals() - before[0] == counts
        assert self._scraped() - before[1] == Counter({**apart, (EXTRA, ""): extra})
        assert self._observer.documents - before[2] == documents

    def flushed(self) -> JsonObject | None:
        """Flush the live window, and give its counts; None when it holds no document."""
        before = len(self.endpoint.logged())
        assert self.endpoint.client.portal is not None
        self.endpoint.client.portal.call(self._observer.flush)
        lines = map(json.loads, self.endpoint.logged()[before:].splitlines())
        windows = joined(line for line in lines if line["event"] == "drift.window")
        return dict(windows[0]["counts"]) if windows else None

    def last_line(self) -> JsonObject:
        """Return the log line of the last document."""
        lines = self.endpoint.logged().splitlines()
        return dict(json.loads([line for line in lines if '"request.observed"' in line][-1]))

    def cpu_s(self, body: bytes) -> float:
        """Return the processor time that a body takes."""
        before_s = time.process_time()
        self.endpoint.client.post("/v1/classify", content=body)
        return time.process_time() - before_s

    def refuses(self, body: bytes) -> tuple[int, list[str]]:
        """Send a body that must be refused and counted nowhere; give status and paths."""
        with self.counting(documents=0):
            response = self.endpoint.client.post("/v1/classify", content=body)
        return response.status_code, [one["path"] for one in response.json()["error"]["details"]]

    @property
    def _observer(self) -> Any:  # noqa: ANN401 (the runtime's, once there is a champion)
        assert self.endpoint.runtime.champion is not None
        return self.endpoint.runtime.champion.recorder

    def _totals(self) -> Counter[tuple[str, str]]:
        return _flat(self.endpoint.client.get("/v1/status").json()["inputs"])

    def _scraped(self) -> Counter[tuple[str, str]]:
        text = self.endpoint.client.get("/metrics").text
        return Counter(
            {
                (sample.labels["kind"], sample.labels["feature"]): int(sample.value)
                for family in text_string_to_metric_families(text)
                for sample in family.samples
                if sample.name == "understudy_inputs_total"
            }
        )


def _flat(counts: Mapping[str, Mapping[str, int]]) -> Counter[tuple[str, str]]:
    return Counter(
        {(kind, name): number for kind, names in counts.items() for name, number in names.items()}
    )


def features(**changed: object) -> dict[str, object]:
    """Return plain features but for what is changed, added or ``ABSENT``."""
    merged = {**PLAIN, **changed}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def body_of(text: str = TEXT, /, **changed: object) -> bytes:
    """Return the body of a request for one document, halves of surrogate pairs included."""
    body = {"documents": [{"text": text, "features": features(**changed)}]}
    return json.dumps(body, ensure_ascii=False).encode(errors="surrogatepass")


def raw(**tokens: str) -> bytes:
    """Return a body in which these features are JSON as it is written here."""
    named = ", ".join(f'"{name}": {token}' for name, token in tokens.items())
    return f'{{"documents": [{{"text": "a", "features": {{{named}}}}}]}}'.encode()


def assert_alike(ours: Encoding, theirs: Encoding) -> None:
    """Assert that two encodings are the same in every bit."""
    assert ours.token_ids.tolist() == theirs.token_ids.tolist()
    assert ours.columns.tobytes() == theirs.columns.tobytes()


@pytest.fixture(scope="module")
def bundle_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a bundle whose courts are "1", "true" and the like, and one sender has accents."""
    frame = champion_training(240, 7)
    frame["court"] = frame["court"].replace(TRAINED)
    frame["sender"] = frame["sender"].replace(frame["sender"].mode()[0], CAFE)
    destination = tmp_path_factory.mktemp("inputs") / "docs" / "1"
    options = TrainingOptions(epochs=1, max_length=64, seed=1, accelerate=False)
    train(as_table(frame, ROLES, "demo documents"), ROLES, destination, options)
    return destination


@pytest.fixture(scope="module")
def desk(bundle_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Serve the bundle, with room for a megabyte of text."""
    log = tmp_path_factory.mktemp("desk") / "log.jsonl"
    settings = Settings(champion=str(bundle_path), log_file=log, max_text_chars=MEGABYTE)
    with running(settings) as endpoint:
        yield Desk(endpoint, open_bundle(bundle_path).preprocessing)


@pytest.fixture(scope="module")
def words_s(desk: Desk) -> float:
    """Return the processor time that a megabyte of words takes, at its best."""
    words = body_of("word " * (MEGABYTE // 5))
    return min(desk.cpu_s(words) for _ in range(3))


def test_a_plain_document_is_nothing_to_speak_of(desk: Desk) -> None:
    """What the rows below compare with: known and complete, without warning or count."""
    with desk.counting():
        assert desk.ask()["warnings"] == []
    assert_alike(desk.encoded(), desk.trained())


@pytest.mark.parametrize("value", ["1", 1, 1.0, " 1"])
def test_one_category_in_any_spelling(desk: Desk, value: object) -> None:
    """Where the training table held "1", each spelling of it is that category."""
    coerced = {} if value == "1" else {"court": 1}
    with desk.counting(coerced=coerced):
        prediction = desk.ask(court=value)
    assert prediction["warnings"] == []
    assert prediction["probabilities"] == desk.ask()["probabilities"]
    assert desk.encoded(court=value).row.unknown == ()
    assert_alike(desk.encoded(court=value), desk.trained(court="1"))
    desk.ask(court=value)
    assert desk.last_line()["coerced"] == list(coerced)


def test_truth_value_where_the_table_held_it(desk: Desk) -> None:
    """The JSON value ``true`` is the table's "true", and is not 1."""
    with desk.counting(coerced={"court": 1}):
        prediction = desk.ask(court=True)
    assert prediction["warnings"] == []
    assert prediction["probabilities"] == desk.ask(court="true")["probabilities"]
    assert_alike(desk.encoded(court=True), desk.trained(court="true"))
    assert desk.encoded(court=True).columns.tobytes() != desk.trained(court="1").columns.tobytes()


@pytest.mark.parametrize("value", ["1", 1, 1.0, " 1", True])
def test_spelling_of_no_known_category(desk: Desk, value: object) -> None:
    """Where the table held neither, each spelling is unknown, and counted as that."""
    with desk.counting(unknown={"sender": 1}, coerced={} if value == "1" else {"sender": 1}):
        prediction = desk.ask(sender=value)
    assert prediction["warnings"] == [{"code": "unknown_category", "feature": "sender"}]
    assert prediction["probabilities"] == desk.ask(sender="never seen")["probabilities"]
    assert_alike(desk.encoded(sender=value), desk.trained(sender="never seen"))


@pytest.mark.parametrize("value", [[1], {"1": 1}, 2.0**53, 1e300, 1e400])
def test_value_that_is_not_a_category(desk: Desk, value: object) -> None:
    """A nested value, and a float that stands for several whole numbers, are no category."""
    body = body_of(court=value).replace(b"Infinity", b"1e400")
    assert desk.refuses(body) == (422, ["documents[0].features.court"])


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_accents_of_a_category(desk: Desk, form: Any) -> None:  # noqa: ANN401 (a literal)
    """É is one letter or two characters: the category is the one that was trained."""
    with desk.counting(coerced={} if form == "NFC" else {"sender": 1}):
        prediction = desk.ask(sender=normalize(form, CAFE))
    assert prediction["warnings"] == []
    assert prediction["probabilities"] == desk.ask()["probabilities"]
    assert_alike(desk.encoded(sender=normalize(form, CAFE)), desk.trained(sender=CAFE))


def test_accents_of_a_text(desk: Desk) -> None:
    """The tokenizer makes the same tokens of both, as it did in training."""
    written = "R\u00e9sum\u00e9 of the soci\u00e9t\u00e9 g\u00e9n\u00e9rale, \u00c9vry"
    composed, decomposed = normalize("NFC", written), normalize("NFD", written)
    assert composed != decomposed
    with desk.counting(documents=2):
        answers = [desk.ask(text)["probabilities"] for text in (composed, decomposed)]
    assert answers[0] == answers[1]
    assert_alike(desk.encoded(decomposed), desk.trained(composed))


@pytest.mark.parametrize("category", ["EDTX", "ONE", "2.5", "Maybe", "\U0001f600", "x" * 100_000])
def test_new_category(desk: Desk, category: str) -> None:
    """It falls into the unknown bucket, with a warning, and the window says what came."""
    long = len(category) > 500
    with desk.counting(unknown={"court": 1}, coerced={"court": 1} if long else {}):
        prediction = desk.ask(court=category)
    assert prediction["warnings"] == [{"code": "unknown_category", "feature": "court"}]
    assert prediction["probabilities"] == desk.ask(court="never seen")["probabilities"]
    assert_alike(desk.encoded(court=category), desk.trained(court="never seen"))
    line = desk.last_line()
    assert (line["unknown"], line["missing"]) == (["court"], [])
    desk.ask(court=category)
    window = desk.flushed()
    assert window is not None
    assert (category in window["features"]["court"]["new"]) is not long


@pytest.mark.parametrize("column", ["court", "pages"])
@pytest.mark.parametrize("value", [ABSENT, None, "", " ", "nan", " NaN"])
def test_missing_value(desk: Desk, column: str, value: object) -> None:
    """Whichever way it is missing, it is missing as in training, and never unknown."""
    with desk.counting(missing={column: 1}):
        prediction = desk.ask(**{column: value})
    assert prediction["warnings"] == [{"code": "missing_value", "feature": column}]
    assert prediction["probabilities"] == desk.ask(**{column: None})["probabilities"]
    encoding = desk.encoded(**{column: value})
    assert_alike(encoding, desk.trained(**{column: ""}))
    assert encoding.columns.tobytes() != desk.trained(court="never seen").columns.tobytes()
    line = desk.last_line()
    assert (line["missing"], line["unknown"], line["coerced"]) == ([column], [], [])


@pytest.mark.parametrize(
    "token",
    [
        *('"73917391,5"', '"73_917_391"', '"7391 7391"', '"0x73917391"', '"73917391e400"'),
        *('"\uff17\uff13\uff19\uff11"', '"\u0667\u0663\u0669\u0661"', '"Infinity"', '"-inf"'),
        *("73917391e400", "-73917391e400", "73917391" * 600, "-" + "73917391" * 600),
        *("true", "[]", "{}", "[73917391]", '{"73917391": 1}'),
    ],
    ids=lambda token: token[:20],
)
def test_value_that_is_not_a_number(desk: Desk, token: str) -> None:
    """A number that would have to be guessed at is refused by its path, and never quoted."""
    body = raw(pages=token, court='"1"')
    response = desk.endpoint.client.post("/v1/classify", content=body)
    assert response.status_code == 422
    assert response.json()["error"]["details"] == [
        {"path": "documents[0].features.pages", "problem": "is not a finite number"}
    ]
    assert desk.refuses(body) == (422, ["documents[0].features.pages"])
    said = response.text + desk.endpoint.logged()
    assert not any(piece in said for piece in ("73917391", "73_917", "7391 ", "\uff17", "\u0667"))


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1_000", "0x1F", "01", "+1"])
def test_number_that_json_does_not_have(desk: Desk, token: str) -> None:
    """The bare words that some writers make of strange numbers are no JSON at all."""
    assert desk.refuses(raw(pages=token)) == (400, [])


@pytest.mark.parametrize(
    ("number", "read"),
    [(12, 12.0), ("12", 12.0), (" 1.2e1", 12.0), (-0.0, -0.0), ("1e-400", 0.0), (2**60, 2.0**60)],
)
def test_number_in_another_spelling(desk: Desk, number: object, read: float) -> None:
    """Other spellings of one number are that number, coerced where they are texts."""
    encoding = desk.encoded(pages=number)
    assert encoding.row.numeric[0] == read
    assert encoding.row.coerced == (("pages",) if isinstance(number, str) else ())
    assert_alike(encoding, desk.trained(pages=repr(read)))
    answers = [desk.ask(pages=form)["probabilities"] for form in (number, read)]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("form", [float, str])
@pytest.mark.parametrize("number", [-1000.0, 1e30, 1e39, -1e300, 1.7976931348623157e308])
def test_far_out_of_range(desk: Desk, number: float, form: Any) -> None:  # noqa: ANN401
    """A number in another unit, or beyond all units, is answered, with a warning and a count."""
    coerced = {"pages": 1} if form is str else {}
    with desk.counting(out_of_range={"pages": 1}, coerced=coerced):
        prediction = desk.ask(pages=form(number))
    assert prediction["warnings"] == [{"code": "out_of_range", "feature": "pages"}]
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)
    assert_alike(desk.encoded(pages=form(number)), desk.trained(pages=repr(number)))
    assert desk.last_line()["out_of_range"] == ["pages"]


def test_a_thousand_times_of_both(desk: Desk) -> None:
    """Columns that run off together, in one direction or in two, leave the answer finite."""
    for sign in (1, -1):
        for scale in (1e3, 1e38, 1e305):
            with desk.counting(out_of_range={"pages": 1, "amount": 1}):
                prediction = desk.ask(pages=12 * scale, amount=sign * 950.0 * scale)
            assert sum(prediction["probabilities"].values()) == pytest.approx(1)


@pytest.mark.parametrize("value", ["red", 1, None, True, [1, {"deep": []}], 10**400, "\ud800"])
def test_extra_feature(desk: Desk, value: object) -> None:
    """It changes nothing but the warnings and the count, whatever its value is."""
    with desk.counting(extra={"colour": 1}):
        prediction = desk.ask(colour=value)
    assert prediction["warnings"] == [{"code": "extra_feature", "feature": "colour"}]
    assert prediction["probabilities"] == desk.ask()["probabilities"]
    assert_alike(desk.encoded(colour=value), desk.trained())


def test_extra_features_by_the_thousand(desk: Desk) -> None:
    """Twenty are named, in the answer as in the window, and the rest are one sum."""
    names = [f"x{number:03}" for number in range(1000)]
    named = dict.fromkeys(names[:20], 1)
    desk.flushed()
    prediction = desk.ask(**dict.fromkeys(names, 1))
    *warnings, others = prediction["warnings"]
    assert warnings == [{"code": "extra_feature", "feature": name} for name in names[:20]]
    assert others == {"code": "extra_feature", "feature": "\u2026", "count": 980}
    assert prediction["probabilities"] == desk.ask()["probabilities"]
    window = desk.flushed()
    assert window is not None
    assert window["inputs"]["extra"] == {**named, "\u2026": 980}
    crowd = {f"x{number}": 1 for number in range(100_000)}
    with desk.counting(documents=0):
        response = desk.endpoint.classify({"text": TEXT, "features": crowd})
    assert response.status_code == 413


def test_endless_name(desk: Desk) -> None:
    """A name of a megabyte is counted by its beginning."""
    name = "n" * MEGABYTE
    desk.flushed()
    assert desk.ask(**{name: 1})["warnings"][0]["feature"] == name[:64]
    window = desk.flushed()
    assert window is not None
    assert window["inputs"]["extra"] == {name[:64]: 1}
    assert name[:65] not in desk.endpoint.logged()


PIECES = {
    "spaces": " \t\n\u2003" * 50,
    "emoji": "\U0001f600\U0001f469\u200d\U0001f4bb" * 50,
    "zero width": "\u200b\u200d\ufeff\u2060" * 50,
    "nul": "\x00\x01\x1f\x7f",
    "right to left": "\u202e\u0627\u0644\u0639\u0631\u0628\u064a\u0629\u2066",
    "combining": "e" + "\u0301" * 10_000,
    "combining in turns": "e" + "\u0301\u0316" * 5_000,
    "no word": "x" * 10_000,
    "noncharacters": "\ufffe\uffff\U0010ffff\ufffd",
}
ONE_WORD = "w" * MEGABYTE
TEXTS = {
    "empty": "",
    **PIECES,
    "a megabyte of words": "word " * (MEGABYTE // 5),
    "a megabyte of one word": ONE_WORD,
    "a megabyte of marks": "\u0301\u0316" * (MEGABYTE // 2),
    "all together": "".join(PIECES.values()),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_of_any_kind(desk: Desk, name: str) -> None:
    """It is answered, tokenized as in training, counted once, and the next one is answered."""
    text = TEXTS[name]
    if text == ONE_WORD:  # a megabyte of it takes seconds each time, and is asked for below
        text = ONE_WORD[: MEGABYTE // 10]
    plain = desk.ask()["probabilities"]
    with desk.counting():
        prediction = desk.ask(text)
    assert sum(prediction["probabilities"].values()) == pytest.approx(1)
    codes = {warning["code"] for warning in prediction["warnings"]} - {"truncated"}
    assert codes == (set() if text.strip() else {"empty_text"})
    assert_alike(desk.encoded(text), desk.trained(text))
    assert desk.ask()["probabilities"] == plain


@pytest.mark.parametrize(
    ("text", "status", "paths"),
    [
        (b'"\\ud800"', 422, ["documents[0].text"]),
        (b'"a\\udc00\\ud800b"', 422, ["documents[0].text"]),
        (b'"\xed\xa0\x80"', 422, ["documents[0].text"]),
        (b'"\xed\xa0\xbd\xed\xb8\x80"', 422, ["documents[0].text"]),
        (b'"\xff"', 400, []),
        (b'"\xc3"', 400, []),
        (b'"\x00"', 400, []),
        (b"null", 422, ["documents[0].text"]),
        (b"1e400", 422, ["documents[0].text"]),
        (b'"' + b"x" * (MEGABYTE + 1) + b'"', 413, []),
        (b'"' + b"x" * 5 * MEGABYTE + b'"', 413, []),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_value_that_is_not_a_text(desk: Desk, text: bytes, status: int, paths: list[str]) -> None:
    """Halves of pairs, bytes that are no UTF-8, and too much of anything: the client's to mend."""
    assert desk.refuses(b'{"documents": [{"text": ' + text + b"}]}") == (status, paths)
    assert desk.ask()["warnings"] == []


def test_half_a_pair_elsewhere(desk: Desk) -> None:
    """In a category it is unknown; in a name, an id or a segment it is refused; never a 5xx."""
    with desk.counting(unknown={"court": 1}):
        assert desk.ask(court="\ud800")["warnings"][0]["code"] == "unknown_category"
    for field in ("request_id", "segment"):
        body = json.dumps({"documents": [{"text": TEXT, field: "\ud800"}]}).encode()
        assert desk.refuses(body) == (422, [f"documents[0].{field}"])
    assert desk.refuses(body_of(**{"\ud800": 1})) == (422, ["documents[0].features"])
    for path in ("/v1/status", "/metrics", "/v1/openapi.json"):
        assert desk.endpoint.client.get(path).status_code == 200


def crowd_of(number: int) -> str:
    """Return so many fields of an object, as JSON."""
    return ", ".join(f'"x{index}": 1' for index in range(number))


HOSTILE: Mapping[str, tuple[bytes, int]] = {
    "a megabyte of signs": (body_of(".," * (MEGABYTE // 2)), 200),
    "a category of marks": (raw(court='"' + "\u0301\u0316" * 100_000 + '"'), 200),
    "a category of three million spaces": (raw(court='"' + " " * 3 * MEGABYTE + '"'), 200),
    "a number of three million digits": (raw(pages='"' + "9" * 3 * MEGABYTE + 'x"'), 422),
    "a fraction of three million digits": (raw(pages="0." + "9" * 3 * MEGABYTE), 200),
    "an integer of three million digits": (raw(pages="9" * 3 * MEGABYTE), 422),
    "an exponent of three million digits": (raw(pages="1e-" + "9" * 3 * MEGABYTE), 200),
    "extra integers of four thousand digits": (
        raw(x="[" + ", ".join(["9" * 4000] * 500) + "]"),
        200,
    ),
    "lists in lists": (b"[" * 3 * MEGABYTE, 413),
    "objects in objects": (b'{"a":' * 500_000, 400),
    "lists in an extra feature": (raw(x="[" * 500 + "]" * 500), 422),
    "lists beside each other": (raw(x="[" + "[], " * 300_000 + "[]]"), 413),
    "extra features": (raw(**{f"x{index}": "1" for index in range(200_000)}), 413),
    "fields of a document": (
        f'{{"documents": [{{"text": "a", {crowd_of(200_000)}}}]}}'.encode(),
        422,
    ),
    "fields of a request": (
        f'{{"documents": [{{"text": "a"}}], {crowd_of(200_000)}}}'.encode(),
        422,
    ),
    "documents": (b'{"documents": [' + b"{}, " * 500_000 + b"{}]}", 413),
    "documents that are none": (b'{"documents": [' + b"1, " * 255 + b"1]}", 422),
    "documents in an object": (f'{{"documents": {{{crowd_of(200_000)}}}}}'.encode(), 422),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_body(desk: Desk, name: str) -> None:
    """What is made to break something does not, and others are answered."""
    body, status = HOSTILE[name]
    response = desk.endpoint.client.post("/v1/classify", content=body)
    assert response.status_code == status
    assert desk.ask()["warnings"] == []


COMPRESSED: Mapping[str, tuple[bytes, int]] = {
    "a document": (gzip.compress(body_of()), 200),
    "in two members": (gzip.compress(body_of()[:9]) + gzip.compress(body_of()[9:]), 200),
    "a bomb of zeros": (gzip.compress(bytes(20 * MEGABYTE)), 413),
    "a bomb of spaces behind a document": (gzip.compress(body_of() + b" " * 20 * MEGABYTE), 413),
    "a bomb in a bomb": (gzip.compress(gzip.compress(bytes(20 * MEGABYTE))), 400),
    "a bomb of many members": (gzip.compress(bytes(MEGABYTE)) * 20, 413),
    "members of nothing": (gzip.compress(b"") * 5000, 400),
    "too short by a byte": (gzip.compress(body_of())[:-1], 400),
    "with a byte more": (gzip.compress(body_of()) + b"x", 400),
    "a bomb that is cut": (gzip.compress(bytes(3 * MEGABYTE))[:-8], 400),
    "not compressed": (body_of(), 400),
}


@pytest.mark.parametrize("name", COMPRESSED)
def test_compressed_body(desk: Desk, name: str) -> None:
    """What is gzip is its content, within the limit of a plain body; what is not is refused."""
    body, status = COMPRESSED[name]
    encoded = {"content-encoding": "gzip"}
    for route in ("/v1/classify", "/classify"):
        response = desk.endpoint.client.post(route, content=body, headers=encoded)
        assert response.status_code == status
    assert desk.ask()["warnings"] == []


LARGE: Mapping[str, bytes] = {
    name: body
    for name, body in [
        *((name, body_of(text)) for name, text in TEXTS.items()),
        *((name, body) for name, (body, _) in HOSTILE.items()),
    ]
    if len(body) > MEGABYTE // 100
}


@pytest.mark.parametrize("name", LARGE)
def test_no_input_costs_the_square_of_its_length(desk: Desk, words_s: float, name: str) -> None:
    """Whatever was sent, it costs about as much as plain words of its length."""
    body = LARGE[name]
    # A machine that stands still may spoil one measurement, and what takes the square spoils all.
    assert any(desk.cpu_s(body) < MEGABYTES * words_s for _ in range(3))


def test_a_captured_document_is_a_log_line_whatever_it_nests(
    bundle_path: Path, tmp_path: Path
) -> None:
    """With everything captured, no answered document can make its own line unwritable."""
    settings = Settings(
        champion=str(bundle_path), log_file=tmp_path / "log.jsonl", capture="all", replica="here"
    )
    with running(settings) as endpoint:
        for levels in (1, 15, 16, 300, 600, 900):
            body = raw(x="[" * levels + "1e400" + "]" * levels, y="[1e400, 1e-400, -0.0]")
            response = endpoint.client.post("/v1/classify", content=body)
            assert response.status_code == (200 if levels < 16 else 422)
        observed = endpoint.logged().count('"event":"request.observed"')
        assert observed == endpoint.client.get("/v1/status").json()["documents"] == 2
        assert endpoint.runtime.log.lost_lines == 0


def test_the_service_survives_them_all(
    bundle_path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """It answers each, never with a 5xx, and stops in order."""
    bodies = [
        *((body_of(text), 200) for text in TEXTS.values() if len(text) < MEGABYTE // 2),
        (b'{"documents": [{"text": "\\ud800"}]}', 422),
        (b'{"documents": [{"text": "\xed\xa0\x80"}]}', 422),
        (body_of("x" * (MEGABYTE + 1)), 413),
        *HOSTILE.values(),
    ]
    log = tmp_path / "log.jsonl"
    with running(
        Settings(champion=str(bundle_path), log_file=log, max_text_chars=MEGABYTE)
    ) as endpoint:
        plain = endpoint.client.post("/v1/classify", content=body_of()).json()["predictions"]
        for number, (body, status) in enumerate(bodies):
            route = ("/v1/classify", "/classify")[number % 2]
            assert endpoint.client.post(route, content=body).status_code == status
        again = endpoint.client.post("/v1/classify", content=body_of()).json()["predictions"]
        answered = endpoint.client.get("/v1/status").json()["documents"]
    assert again[0]["probabilities"] == pytest.approx(plain[0]["probabilities"])
    assert answered == 2 + sum(status == 200 for _, status in bodies)
    assert "Traceback" not in capfd.readouterr().err
    events = read_log(log)
    stopped = events[-1]
    assert stopped["event"] == "service.stopped"
    assert stopped["observed"] == stopped["flushed"] == answered
    assert sum(event["event"] == "request.observed" for event in events) == answered


def test_order_of_keys_never_matters(desk: Desk) -> None:
    """Features, and the fields of a document, are known by name."""
    named = features(court=" 1", sender="never seen", pages="1e9", colour=1)
    expected = desk.ask(**named)
    for turned in list(permutations(named.items()))[::13]:
        found = desk.endpoint.classify({"features": dict(turned), "text": TEXT})
        (prediction,) = found.json()["predictions"]
        assert prediction["probabilities"] == expected["probabilities"]
        assert prediction["warnings"] == expected["warnings"]


@pytest.mark.parametrize(
    "body",
    [
        raw(pages="1").replace(b'"pages": 1', b'"pages": 1, "pages": 2'),
        raw(pages="1").replace(b'"pages": 1', b'"pages": 1, "p\\u0061ges": 1'),
        raw(pages="1").replace(b'"text": "a"', b'"text": "a", "text": "b"'),
        raw(pages="1").replace(b'"features"', b'"features": {}, "features"'),
        raw(x='{"deep": [{"y": 1, "y": 1}]}'),
        b'{"documents": [], "documents": [{"text": "a"}]}',
    ],
)
def test_a_key_that_is_named_twice_is_refused(desk: Desk, body: bytes) -> None:
    """Nobody can say which of the two was meant, so neither is answered nor counted."""
    assert desk.refuses(body) == (400, [])

"""Draw bodies: documents and labels around what the service takes, and what is no JSON at all.

Every text and every name that is no part of a request holds the marker. No log may ever hold it.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from load_tests.fuzz.chance import happens
from load_tests.fuzz.damage.documents import damaged_document
from load_tests.fuzz.damage.hostile import nested, some_text, some_value
from load_tests.fuzz.damage.raw_bytes import damaged_bytes

if TYPE_CHECKING:
    from random import Random

__all__ = ["MARKER", "drawn_body", "good_body"]

MARKER = "zmarkerz"
"""What no log may hold."""

_COURTS = ("NDCA", "SDNY", "nowhere", "", None, 7, True, "\u202e", "x" * 600)
_OTHER_TYPES = (
    "text/plain", "application/octet-stream", "application/json; charset=utf-16", "", "x" * 9000,
    "multipart/form-data; boundary=x", "application/vnd.bentoml+pickle", "a/b;" * 99,
)  # fmt: skip
_PAGES = (12, 0, -1, 1.5, "12", None, 10**400, 1e308, True, "x", "1e999", 2**63)


def good_body() -> bytes:
    """Return a body with one document that every service takes."""
    return json.dumps({"documents": [{"text": f"a plain text {MARKER}", "features": {}}]}).encode()


def drawn_body(rng: Random) -> tuple[str, bytes]:
    """Return a content type and a body."""
    how = rng.choice((*("documents",) * 4, *("damaged",) * 5, "labels", "roles", "bytes", *_FORMS))
    if how == "documents":
        body = json.dumps(_documents(rng)).encode()
    elif how == "damaged":
        body = json.dumps(damaged_document(rng, _documents(rng))[0]).encode()
    elif how == "labels":
        labels = [_label(rng) for _ in range(rng.choice((1, 3, 300)))]
        body = json.dumps({"labels": labels}).encode()
    elif how == "roles":
        body = json.dumps({"champion": some_value(rng), "challengers": some_value(rng)}).encode()
    elif how == "bytes":
        body, _ = damaged_bytes(rng, json.dumps(_documents(rng)).encode())
    else:
        body = _FORMS[how]
    return _content_type(rng, how), body


def _content_type(rng: Random, how: str) -> str:
    if how in {"multipart", "form", "bare"}:
        named = {"multipart": "multipart/form-data; boundary=x", "bare": "multipart/form-data"}
        return named.get(how, "application/x-www-form-urlencoded")
    return rng.choice(_OTHER_TYPES) if happens(rng, 0.3) else "application/json"


def _documents(rng: Random) -> dict[str, Any]:
    count = rng.choice((1, 1, 1, 2, 5, 40, 300))
    return {"documents": [_document(rng) for _ in range(count)]}


def _document(rng: Random) -> dict[str, Any]:
    features = {"pages": rng.choice(_PAGES), "amount": 1.5, "court": rng.choice(_COURTS)}
    if happens(rng, 0.2):
        count = rng.choice((1, 20, 1200))
        features |= {f"extra{index}{some_text(rng)[:20]}": MARKER for index in range(count)}
    document: dict[str, Any] = {"text": f"{MARKER} {some_text(rng)}", "features": features}
    if happens(rng, 0.3):
        document["request_id"] = rng.choice(("a-17", "x" * 129, "", "\u2028", "\x1b[2J", 7, None))
    if happens(rng, 0.3):
        document["segment"] = rng.choice(("emea", "\u0085", "x" * 200, "", [], "a\nb"))
    if happens(rng, 0.1):
        document[MARKER] = some_value(rng)
    return document


def _label(rng: Random) -> dict[str, Any]:
    request_id, name = rng.choice(("a-17", "", "\u2028", 3)), rng.choice(("contract", 1))
    label: dict[str, Any] = {"request_id": request_id, "label": name}
    if happens(rng, 0.5):
        name = rng.choice(("source", "stratum", "inclusion_probability", "labelled_at", "x"))
        label[name] = some_value(rng)
    return label


_PART = '--x\r\nContent-Disposition: form-data; name="documents"{}\r\n\r\n[{{"text": "' + MARKER
_GOOD = good_body()
_FORMS = {
    "empty": b"",
    "NaN": b'{"documents": [{"text": "' + MARKER.encode() + b'", "features": {"pages": NaN}}]}',
    "infinite": b'{"documents": [{"text": "x", "features": {"pages": 1e400, "amount": -1e400}}]}',
    "digits": b'{"documents": [{"text": "x", "features": {"pages": ' + b"9" * 150_000 + b"}}]}",
    "deep": json.dumps({"documents": nested(900)}).encode(),
    "deeper": b'{"documents": ' + b"[" * 150_000,
    "objects": b'{"a":' * 30_000,
    "twice": b'{"documents": [], "documents": [{"text": "' + MARKER.encode() + b'", "text": 1}]}',
    "not UTF-8": b'{"documents": [{"text": "' + MARKER.encode() + b'\xff\xfe\xed\xa0\x80"}]}',
    "surrogate": b'{"documents": [{"text": "'
    + MARKER.encode()
    + b' \\ud800", "segment": "\\udfff"}]}',
    "mark": b"\xef\xbb\xbf" + _GOOD,
    "UTF-16": _GOOD.decode().encode("utf-16"),
    "gzip": gzip.compress(_GOOD, mtime=0),
    "bomb": gzip.compress(b" " * 50_000_000, mtime=0),
    "empty documents": b'{"documents": [' + b",".join([b"{}"] * 60_000) + b"]}",
    "numbers": b'{"documents": [' + b",".join([b"1"] * 90_000) + b"]}",
    "one long text": json.dumps({"documents": [{"text": MARKER * 20_000}]}).encode(),
    "over the limit": b"x" * 400_000,
    "multipart": (_PART.format("") + '"}]\r\n--x--').encode(),
    "file": (_PART.format('; filename="../../x"') + '"}]\r\n--x--').encode(),
    "bare": (_PART.format("") + '"}]').encode(),
    "form": f"documents=%5B%7B%22text%22%3A+%22{MARKER}%22%7D%5D".encode(),
    "pickle": b"\x80\x04cos\nsystem\n\x8c\x12touch canary-of-fuzz\x85R.",
    "null": b"null",
    "text": b'"' + MARKER.encode() + b'"',
}

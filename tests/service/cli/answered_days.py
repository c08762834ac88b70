"""Days of short documents, and the log of a service that answered them under ``CAPTURE``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from artifacts.bundle.inference import probabilities_of
from guards.answer import Answer, Observation
from guards.drift.features import answer_values, input_names, input_values
from guards.events.drift_reference import reference_parts
from guards.events.rendering import line_renderer
from guards.evidence.pair import ChallengerId
from service.documents import Document
from service.observation.champion_counts import Watched
from service.observation.log_line import LogLines
from service.shadow.interface import PendingComparison

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from artifacts.bundle.opening import Bundle
    from artifacts.bundle.preprocessing import Encoding

__all__ = ["FRENCH", "KNOWN", "START", "Kind", "drawn", "write_day"]

START = datetime(2026, 3, 2, tzinfo=UTC)


class Kind(NamedTuple):
    """The words of documents by label, and the units that send them."""

    words: Mapping[str, Sequence[str]]
    units: Sequence[str]


KNOWN = Kind(
    {
        "invoice": ("payment", "due", "total", "amount"),
        "letter": ("dear", "regards", "sincerely", "yours"),
        "contract": ("party", "agrees", "clause", "term"),
    },
    ("york", "leeds"),
)
FRENCH = Kind(
    {
        "invoice": ("facture", "montant", "solde", "devis"),
        "letter": ("cher", "bisous", "amitié", "salut"),
        "contract": ("bail", "accord", "clauses", "durée"),
    },
    ("york", "lyon"),
)


def drawn(kind: Kind, documents: int, seed: int) -> pd.DataFrame:
    """Draw documents with their labels."""
    generator = np.random.default_rng(seed)
    labels = generator.choice(sorted(kind.words), documents)
    return pd.DataFrame(
        {
            "text": [" ".join(generator.choice(kind.words[label], 4)) for label in labels],
            "pages": generator.integers(1, 9, documents),
            "unit": generator.choice(kind.units, documents),
            "label": labels,
        }
    )


def write_day(
    path: Path, day: int, documents: pd.DataFrame, bundles: Sequence[Bundle]
) -> pd.DataFrame:
    """Write the log of a day: the first bundle answers, and the others hear it.

    Returns ``request_id`` and ``label`` of the documents.
    """
    champion, *challengers = bundles
    ids = tuple(ChallengerId(each.identity.name, each.identity.version) for each in challengers)
    schema = champion.preprocessing.schema
    watched = Watched.of(champion.reference, input_names(schema))
    run, start = f"day-{day}", START + timedelta(days=day)
    lines = LogLines(
        run,
        champion.identity,
        "all",
        frozenset(),
        champion.reference.fingerprint,
        watched.line_cells("grouped"),
    )
    answers = [list(_answers(bundle, documents)) for bundle in bundles]
    render, seq, request_ids = line_renderer("here", run), count(1), []
    with path.open("wb") as file:
        for part in reference_parts(lines.described):
            file.write(render(part, start, next(seq)))
        for index, ((encoding, answer), *theirs) in enumerate(zip(*answers, strict=True)):
            row = documents.iloc[index]
            moment = start + index * timedelta(days=1) / len(documents)
            request_ids.append(f"{run}-{index}")
            features = {"pages": int(row["pages"]), "unit": str(row["unit"])}
            pending = PendingComparison(
                Document(request_ids[-1], None, str(row["text"]), features, encoding.row),
                encoding,
                Observation(answer, 0.01, 0.01),
                moment,
                _values(encoding, answer),
                outcomes={
                    who: Observation(each, 0.01, 0.01)
                    for who, (_, each) in zip(ids, theirs, strict=True)
                },
            )
            file.write(render(lines.event(pending, ids), moment, next(seq)))
    return pd.DataFrame({"request_id": request_ids, "label": documents["label"]})


def _answers(bundle: Bundle, documents: pd.DataFrame) -> Iterator[tuple[Encoding, Answer]]:
    features = documents[["pages", "unit"]].to_dict("records")
    encodings = bundle.preprocessing.encode_documents(
        [
            {"text": text, "features": row}
            for text, row in zip(documents["text"], features, strict=True)
        ]
    )
    shares = probabilities_of(bundle.network, bundle.manifest.temperature, encodings)
    for encoding, row in zip(encodings, shares, strict=True):
        yield encoding, Answer.of(row, bundle.labels)


def _values(encoding: Encoding, answer: Answer) -> tuple[float | str, ...]:
    inputs = input_values(
        encoding.row,
        encoding.token_ids,
        unknown_tokens=encoding.unknown_tokens,
        truncated=encoding.truncated,
    )
    return (*inputs, *answer_values(answer))

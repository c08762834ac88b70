"""The SQL that reads lines of observed requests.

Most lines of a log are of this event. Those of them are read here that are beyond doubt as
``RequestObserved`` writes them; all others are left to ``guards.events.lines``, which judges them.

DuckDB converts what has another type (the text "12" to the number 12), and what it cannot convert
becomes null. So each field is first read as the JSON that stands in the line, which tells the type
that it has there.
"""

from __future__ import annotations

import json

from guards.events.events import SCHEMA
from guards.events.line_rows import LineKind
from guards.events.request_observed import RequestObserved
from guards.evidence.columns import COMPARED
from guards.evidence.pair import Missed

__all__ = ["CREATE_MACROS", "CREATE_TABLES", "READ_BLOCK"]

OBSERVED = 0
"""The ``kind`` of a line of this event."""


def _structure() -> str:
    """Return the fields that are read of a line, all as JSON, for ``json_transform``."""
    numbers = ("confidence", "margin", "entropy", "infer_s", "cpu_s")
    answer = ("name", "version", "label", *numbers, "probabilities", "exclusive")
    outcome = ("ordinal", "status", "reason", "agree", "confidence_delta", "js_divergence")
    stamp = ("timestamp", "event", "schema", "replica", "run", "seq")
    document = (
        *("request_id", "observed_at", "origin_run", "segment", "tokens", "truncated"),
        "reference",
    )
    lists = ("unknown", "missing", "coerced", "out_of_range", "cells")
    return json.dumps(
        {
            **dict.fromkeys((*stamp, *document, *lists), "JSON"),
            "champion": dict.fromkeys(("fingerprint", *answer), "JSON"),
            "challengers": [dict.fromkeys((*answer, *outcome), "JSON")],
        }
    )


_REASONS = ", ".join(f"'{reason}'" for reason in Missed)
_ANSWER = "label VARCHAR, confidence DOUBLE, margin DOUBLE, entropy DOUBLE, cpu_s DOUBLE"
_OUTCOME = (
    "name VARCHAR, version VARCHAR, ordinal BIGINT, outcome VARCHAR, comparable BOOLEAN, "
    f"divergence DOUBLE, {_ANSWER}"
)

CREATE_TABLES = f"""
create table lines (
    position BIGINT, kind UTINYINT, run VARCHAR, seq BIGINT, replica VARCHAR, moment BIGINT,
    request_id VARCHAR, observed_at BIGINT, segment VARCHAR, tokens BIGINT,
    name VARCHAR, version VARCHAR, fingerprint VARCHAR, champion STRUCT({_ANSWER}),
    challengers STRUCT({_OUTCOME})[], reference VARCHAR, cells SMALLINT[], probabilities FLOAT[]
);
create table awaited (position BIGINT, origin_run VARCHAR, labels VARCHAR[]);
create table completed (
    position BIGINT, origin_run VARCHAR, request_id VARCHAR, labels VARCHAR[],
    entry STRUCT({_OUTCOME})
);
create table feedback (
    position BIGINT, request_id VARCHAR, label VARCHAR, source VARCHAR, stratum VARCHAR,
    inclusion_probability DOUBLE, labelled_at BIGINT
);
create table windows (
    position BIGINT, started_at BIGINT, ended_at BIGINT, documents BIGINT, reference VARCHAR,
    part BIGINT, parts BIGINT, features VARCHAR
);
"""

# Each macro gives null for JSON of another type.
CREATE_MACROS = r"""
create macro quoted(raw) as case
    when starts_with(raw, '"') then json_extract_string(raw, '$') end;
create macro finite(value) as case when isfinite(value) then value end;
create macro number(raw) as finite(try_cast(raw::VARCHAR as DOUBLE));
create macro same(value, raw) as case when value::VARCHAR = raw::VARCHAR then value end;
create macro whole(raw) as same(try_cast(raw::VARCHAR as BIGINT), raw);
create macro microseconds(value) as case
    when regexp_full_match(
        value, '[12]\d{3}-\d\d-\d\dT([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z'
    ) then epoch_us(try_cast(value as TIMESTAMP)) end;
create macro cells(raw) as case
    when regexp_full_match(raw::VARCHAR, '\[((\d{1,5}|null)(,(\d{1,5}|null))*)?\]')
    then try_cast(raw as SMALLINT[]) end;
create macro by_label(probabilities) as list_transform(
    list_sort(map_entries(try_cast(probabilities as MAP(VARCHAR, FLOAT)))),
    lambda entry: case when entry.value between 0 and 1 then entry.value end
);
create macro has_label(probabilities, label) as list_contains(json_keys(probabilities), label);
create macro answer(raw) as {
    'label': quoted(raw.label),
    'confidence': number(raw.confidence),
    'margin': number(raw.margin),
    'entropy': number(raw.entropy),
    'cpu_s': case when raw.exclusive::VARCHAR is distinct from 'true' then number(raw.cpu_s) end
};
create macro is_answer(answer, raw) as
    answer.label is not null and answer.confidence is not null and answer.margin is not null
    and answer.entropy is not null and number(raw.infer_s) is not null
    and (raw.cpu_s is null or number(raw.cpu_s) is not null)
    and (raw.exclusive is null or raw.exclusive::VARCHAR in ('true', 'false'))
    and starts_with(raw.probabilities, '{');
"""

READ_BLOCK = f"""
insert into lines
with raw as (
    select position, line, try(json_transform(line, '{_structure()}')) as raw from block
), read as (
    select position, line, raw,
        whole(raw.seq) as seq,
        quoted(raw.run) as run,
        quoted(raw.replica) as replica,
        microseconds(quoted(raw.timestamp)) as moment,
        quoted(raw.request_id) as request_id,
        microseconds(quoted(raw.observed_at)) as observed_at,
        quoted(raw.segment) as segment,
        whole(raw.tokens) as tokens,
        quoted(raw.reference) as reference,
        cells(raw.cells) as cells,
        by_label(raw.champion.probabilities) as probabilities,
        quoted(raw.champion.name) as name,
        quoted(raw.champion.version) as version,
        quoted(raw.champion.fingerprint) as fingerprint,
        answer(raw.champion) as champion,
        list_transform(raw.challengers, lambda entry: {{
            'raw': entry, 'answer': answer(entry), 'status': quoted(entry.status)
        }}) as entries
    from raw
), judged as (
    select *, list_transform(entries, lambda entry: {{
        'name': quoted(entry.raw.name),
        'version': quoted(entry.raw.version),
        'ordinal': whole(entry.raw.ordinal),
        'outcome': case
            when entry.status <> 'ok' and quoted(entry.raw.reason) in ({_REASONS})
            then quoted(entry.raw.reason)
            when entry.status = 'ok'
                and is_answer(entry.answer, entry.raw) and entry.raw.agree is not null
                and number(entry.raw.confidence_delta) is not null
                and number(entry.raw.js_divergence) is not null
            then '{COMPARED}' end,
        'comparable': coalesce(entry.status = 'ok'
            and has_label(entry.raw.probabilities, champion.label)
            and has_label(raw.champion.probabilities, entry.answer.label), false),
        'divergence': number(entry.raw.js_divergence),
        'label': entry.answer.label,
        'confidence': entry.answer.confidence,
        'margin': entry.answer.margin,
        'entropy': entry.answer.entropy,
        'cpu_s': entry.answer.cpu_s
    }}) as challengers
    from read
), plain as (
    select *, coalesce(
        raw.event::VARCHAR = '"{RequestObserved.name}"' and raw.schema::VARCHAR = '{SCHEMA}'
        and seq > 0 and run is not null and replica is not null and moment is not null
        and request_id is not null and observed_at is not null and tokens is not null
        -- A field that lacks reads as null, too.
        and (segment is not null or raw.segment is null and contains(line, '"segment":null'))
        and starts_with(raw.origin_run, '"') and raw.truncated is not null
        and starts_with(raw.unknown, '[') and starts_with(raw.missing, '[')
        and (reference is not null or raw.reference is null)
        and (cells is not null or raw.cells is null)
        and starts_with(raw.coerced, '[') and starts_with(raw.out_of_range, '[')
        and name is not null and version is not null and fingerprint is not null
        and is_answer(champion, raw.champion)
        and len(list_filter(challengers, lambda entry:
            entry.name is not null and entry.version is not null and entry.ordinal is not null
            and entry.outcome is not null
        )) = len(challengers)
        -- DuckDB reads a comma before a closing bracket, which is no JSON.
        and not contains(line, ',}}') and not contains(line, ',]'), false) as plain
    from judged
)
select position, case when plain then {LineKind.OBSERVED} end as kind, run, seq, replica, moment,
    request_id, observed_at, segment, tokens, name, version, fingerprint, champion, challengers,
    reference, cells, probabilities
from plain
"""  # noqa: S608 (our own names)
"""Adds the lines of ``block`` (position, line); ``kind`` is null for those not beyond doubt."""

"""Puts outcomes that came later into the lines of the documents that awaited them.

A service that stops writes what it has, with ``pending`` outcomes, and the outcomes as they come.
They belong together by run, request and challenger; where a request was sent again meanwhile, in
their order. What never came was given up with the service.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.evidence.pair import PENDING, Missed

if TYPE_CHECKING:
    from guards.events.log_database import LogDatabase

__all__ = ["join_awaited"]

_JOIN = f"""
create or replace temp table joined as
with entries as (
    select position, origin_run, request_id, observed_at, run, seq, awaited.labels as labels,
        champion.label as label, unnest(challengers) as entry,
        generate_subscripts(challengers, 1) as place
    from awaited join lines using (position)
), waiting as (
    select *, {{'name': entry.name, 'version': entry.version, 'ordinal': entry.ordinal}} as who,
        row_number() over (
            partition by origin_run, request_id, who order by observed_at, run, seq
        ) as turn
    from entries where entry.outcome = '{PENDING}'
), came as (
    select completed.*,
        {{'name': entry.name, 'version': entry.version, 'ordinal': entry.ordinal}} as who,
        row_number() over (partition by origin_run, completed.request_id, who order by run, seq)
            as turn
    from completed join lines using (position)
), outcomes as (
    select waiting.position as position, place, case
        when came.entry is null then struct_update(waiting.entry, outcome := '{Missed.SHUTDOWN}')
        else struct_update(came.entry, comparable := came.entry.label is not null
            and list_contains(came.labels, waiting.label)
            and list_contains(waiting.labels, came.entry.label))
        end as entry
    from waiting left join came using (origin_run, request_id, who, turn)
)
select position, list(coalesce(outcomes.entry, entries.entry) order by place) as challengers
from entries left join outcomes using (position, place) group by position
"""  # noqa: S608 (our own names)


def join_awaited(database: LogDatabase) -> None:
    """Put every outcome that came later into its line; the others become ``shutdown``."""
    database.execute(_JOIN)
    database.execute(
        "update lines set challengers = joined.challengers from joined "
        "where lines.position = joined.position"
    )

"""The account of a log whose lines are tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guards.events.line_rows import TABLES, LineKind
from guards.events.reading import Gap, LogAccount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guards.events.log_database import LogDatabase
    from guards.events.log_files import LogFile

__all__ = ["drop_copies", "log_account"]

_FIND_COPIES = """
create or replace table copies as
select position from (
    select position, row_number() over (partition by run, seq order by position) as copy from lines
) where copy > 1
"""

_GAPS = """
with numbered as (
    select run, seq, lag(seq, 1, 0) over (partition by run order by seq) as before from lines
), runs as (
    select run, min(position) as place, arg_min(replica, position) as replica
    from lines group by run
)
select replica, run, before + 1, seq - 1
from numbered join runs using (run) where seq > before + 1 order by place, seq
"""


def drop_copies(database: LogDatabase) -> int:
    """Remove the later copies of lines, and return how many they were."""
    database.execute(_FIND_COPIES)
    ((copies,),) = database.execute("select count(*) from copies")
    if copies:
        for table in TABLES:
            database.execute(f"delete from {table} where position in (from copies)")  # noqa: S608
    return int(copies)


def log_account(database: LogDatabase, duplicates: int, files: Iterable[LogFile]) -> LogAccount:
    """Return the account of lines without copies, of which there were so many."""
    kinds = dict(database.execute("select kind, count(*) from lines group by kind"))
    return LogAccount(
        lines=database.lines,
        torn=database.torn,
        malformed=database.malformed,
        duplicates=duplicates,
        unknown_events=kinds.get(LineKind.UNKNOWN, 0),
        newer_schema=kinds.get(LineKind.NEWER, 0),
        gaps=tuple(Gap(*gap) for gap in database.execute(_GAPS)),
        broken=tuple(file.broken for file in files if file.broken),
        incomplete=database.joined_windows()[1],
    )

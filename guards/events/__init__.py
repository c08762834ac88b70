"""The lines of the event log.

- ``events``: one type for each event, written to JSON and read from it.
- ``alarms``: the types of the events of alarms.
- ``scored_window``: what a score in a log was computed from.
- ``window_parts``: long windows in several lines, and joined again.
- ``rendering``: from an event to the bytes of its line.
- ``lines``: from the bytes of a line to its event.
- ``line_types``: whether the fields of a line have the types that they should have.
- ``log_files``: opens log files, compressed or not, and cuts them into lines.
- ``reading``: from the logs of any number of replicas and runs to typed lines.
- ``log_table``: from the logs of any number of replicas and runs to columns, in bounded memory.
- ``log_database``: the tables behind ``log_table``.
- ``observed_sql``: the SQL that reads lines of observed requests.
- ``line_rows``: from a line that Python has read to rows of the tables.
- ``log_account``: the account of the tables.
- ``pair_batches``: from the tables to columns of one challenger's outcomes.
"""

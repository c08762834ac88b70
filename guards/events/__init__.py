"""The lines of the event log.

- ``events``: all types of events by name, each written to JSON and read from it.
- ``request_observed``: a document was answered.
- ``comparison_completed``: outcomes came that the line of a document did not wait for.
- ``drift_reference``: what the cells in the lines of documents are.
- ``drift_window``: a window was flushed.
- ``feedback_received``: a label came.
- ``alarms``: an alarm was raised, or cleared.
- ``verdict_changed``: a verdict has another decision.
- ``service_events``: starts, refusals of bundles, and stops.
- ``challenger_entries``: which challenger an entry of a line is about.
- ``line_size``: how long a line may be, and what is divided among several.
- ``window_parts``: long windows in several lines, and joined again.
- ``scored_window``: what a score in a log was computed from.
- ``rendering``: from an event to the bytes of its line.
- ``lines``: from the bytes of a line to its event.
- ``line_types``: whether the fields of a line have the types that they should have.
- ``log_files``: opens log files, compressed or not, and cuts them into lines.
- ``reading``: from the logs of any number of replicas and runs to typed lines.
- ``log_table``: from the logs of any number of replicas and runs to columns, in bounded memory.
- ``log_database``: the tables behind ``log_table``.
- ``observed_sql``: the SQL that reads lines of observed requests.
- ``line_rows``: from a line that Python has read to rows of the tables.
- ``awaited_outcomes``: from outcomes that came later to the lines that awaited them.
- ``log_account``: the account of the tables.
- ``pair_batches``: from the tables to columns of one challenger's outcomes.
- ``observed_batches``: from the tables to columns of answered documents.
- ``arrays``: from columns of Arrow to arrays of numpy.
"""

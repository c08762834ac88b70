"""The lines of the event log.

- ``events``: one type for each event, written to JSON and read from it.
- ``rendering``: from an event to the bytes of its line.
- ``reading``: from the logs of any number of replicas and runs to typed lines.
- ``moments``: how a line writes a moment in time.
"""

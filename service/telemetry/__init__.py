"""What the service says about itself: the event log and the metrics.

- ``log``: stamp events and queue them for the sinks.
- ``sinks``: render and write the lines of one destination, on a thread of its own.
- ``writers``: write lines to a file descriptor, or to a file that may be rotated.
- ``metrics``: the Prometheus metrics.
- ``webhook``: queue alerts and post them until they arrive.
- ``posting``: one POST of JSON, bounded in time.

Events and diagnostics are two things. Events are what happened to documents and bundles; they are
part of the interface, structlog renders them, and standard output carries nothing else. Diagnostics
are for whoever looks for the cause of a failure, and may change with any version. They go to the
standard library's logger ``bentoml.understudy``, so that BentoML's handler and format apply, and
``service.app`` sends them to standard error at the level of ``UNDERSTUDY_LOG_LEVEL``.
"""

"""Serves bundles: the champion answers, challengers hear the same line in the shadow.

From the top, each importing only what stands below it:

- ``cli``: the ``understudy`` command, one file a command; ``demo``: the story that it can tell.
- ``app``: the composition root, and the only importer of BentoML.
- ``http``: routes, schemas, the one error table, access keys and limits.
- ``status``: the one JSON document that says how things are.
- ``runtime``: the life of a worker (start, serve, drain); ``preflight``: the guard before it.
- ``assembly``: the verified champion with its engine, scheduler and observer.
- ``classification``: the request path in five steps.
- ``rechecking``: whether the champion's preprocessing is still what was sealed.
- ``observing``: every answer into window, books, metrics and log.
- ``shadow``: observations, comparisons, the mirror, and the challengers' processes.
- ``telemetry``: log events, windows and metrics.
- ``scheduling``: permits, deadlines, and what runs when.
- ``engines``: what runs a network.
- ``documents``, ``errors``, ``settings``, ``signals``, ``dashboard``: what the others share.
"""

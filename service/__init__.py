"""Serves bundles: the champion answers, challengers answer the same documents in the shadow.

From the top, each importing only what stands below it:

- ``cli``: the ``understudy`` command, one file a command.
- ``demo``: the story that ``understudy demo`` tells.
- ``app``: the composition root, and the only importer of BentoML.
- ``http``: routes, schemas, the error table, keys and limits.
- ``status``: the one JSON document that says how things are, and the verdict alone.
- ``lifecycle``: preflight, start, drain and stop of a worker.
- ``classification``: the request path: admit, preprocess, champion, answer, observe.
- ``observation``: every answer into window, counters, metrics, log and evidence.
- ``shadow``: the mirror, and the challengers that it offers documents to.
- ``telemetry``: the event log and the metrics.
- ``scheduling``: admission, deadlines, and what runs when.
- ``engines``: what runs a network.
- ``documents``: a validated document, and the prediction that answers it.
- ``errors``: what can go wrong with one request.
- ``settings``: what the operator decides.
- ``setting_sources``: where settings come from.
- ``exit_codes``: the exit codes of every process.
- ``durations``: durations as people write them.
- ``importing``: importing large libraries without looking for garbage.
- ``webhook_url``: the URL of a webhook, which never shows all of itself.
- ``processors``: how many processors there are for this process.
- ``cgroups``: what the control groups of this process limit.
- ``supervision``: what BentoML's supervisor opens, and how it starts its worker.
- ``bento_content``: what a Bento holds of the store.
- ``private_directory``: one directory for everything temporary.
- ``child_environment``: how a process of our own is started.
- ``diagnostics``: what loggers and warnings print, made safe for a terminal.
- ``import_path``: where modules are imported from, in every process of ours.
- ``dashboard``: the page at ``/``.
"""

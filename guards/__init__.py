"""Judges bundles and traffic; a pure library with no web framework, no torch and no BentoML.

- ``comparison``: champion against challenger, from logs and labels.
- ``diagnosis``: what changed between two periods of a log, and what undoing it restores.
- ``events``: the lines of the event log: written, rendered and read.
- ``evidence``: what champion and challenger made of the same documents, and what it proves.
- ``performance``: how well a model does on documents, with labels and without.
- ``sequential``: tests and intervals that stay valid however often they are looked at.
- ``integrity``: whether a bundle is exactly what its model was trained with.
- ``bundle``: what a bundle is on disk.
- ``drift``: what inputs and answers look like now, against how they looked in training.
- ``expressions``: whether matching a regular expression takes more than linear time.
- ``answer``: one model's answer to one document, and what it cost.
- ``errors``: the exception tree, and the ``Finding`` that a refusal is made of.
- ``findings``: the catalogue of finding codes, with meaning and remedy.
- ``findings_page``: the catalogue as ``docs/findings.md``.
- ``schema``: the inputs that a bundle takes, and the canonical form of a document's columns.
- ``labels``: the one canonical form of labels.
- ``private_file``: files with text of documents, which their owner alone reads.
- ``plain_values``: the plain value that a cell of a table stands for.
- ``moments``: how a moment in time is written, and counted in microseconds.
- ``pages``: pages that need nothing else, for reports.
- ``text``: text from elsewhere, made safe to print.
- ``json_types``: type names for plain JSON.
"""

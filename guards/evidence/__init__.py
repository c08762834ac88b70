"""The answers of champion and challenger to the same documents, and what they prove.

- ``pair``: one document with both answers, or the reason why the challenger has none.
- ``coverage``: how many eligible documents were compared, and what became of the others.
- ``columns``: the outcomes of one challenger on many documents.
- ``pair_evidence``: what they say without labels, as exact sums (``pair_sums``, ``segments``).
- ``labels``: true labels, and where they come from.
- ``sampling``: which documents are drawn for labelling, by the hash of their id.
- ``label_evidence``: what labels say (``labelled_pairs``, ``draws``), as ``gain`` and ``figures``.
- ``criteria``: what a promotion asks for; ``effects`` and ``quality`` answer it.
- ``verdict``: promote, keep or undecided (``confidence_shift``, ``labels_needed``).
- ``report``: all of it as JSON.
"""

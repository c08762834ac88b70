"""The answers of champion and challenger to the same documents, and what they prove.

- ``pair``: one document with both answers, or the reason why the challenger has none.
- ``coverage``: how many eligible documents were compared, and what became of the others.
- ``columns``: the outcomes of one challenger on many documents.
- ``pair_evidence``, ``pair_sums``, ``segments``: what they say without labels, as exact sums.
- ``labels``: true labels, and where they come from.
- ``sampling``: which documents are drawn for labelling, by the hash of their id.
- ``label_evidence``, ``labelled_pairs``, ``draws``: what labels say.
- ``gain``, ``figures``: the same as a difference of accuracies, and as figures of each variant.
- ``criteria``: what a promotion asks for.
- ``effects``, ``quality``: what the evidence says of that, and whether the data can be trusted.
- ``verdict``: promote, keep or undecided.
- ``confidence_shift``, ``labels_needed``: whether confidence fell, and how many labels are missing.
- ``report``: all of it as JSON.
"""

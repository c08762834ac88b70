"""What inputs and answers look like now, against how they looked in training.

- ``reference``: the counts at training time, and their JSON.
- ``binning``: numeric cells from reference quantiles, and exact counts and sums over them.
- ``sketch``: accumulators (``update``, ``get``) for one window, and ``merge`` for many.
- ``distance``: how far a window is from the reference, and how far chance alone would move it.
- ``isotonic``: how often answers of a confidence are right, from counts of held-out rows.
- ``features``: the watched values of one document and of each answer to it.
- ``harm``: whether a shift does harm, and what kind of shift it is.
- ``fields``: reads single fields of plain JSON.

Nothing here knows about requests, clocks, files or logs: the caller decides what a window is.
"""

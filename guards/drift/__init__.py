"""What inputs and answers look like now, against how they looked in training.

- ``reference``: everything that was counted at training time, and its JSON.
- ``feature_reference``: the counts of one feature.
- ``calibration``: how often answers of a confidence were right.
- ``pair_counts``: counts for pairs of labels.
- ``square``: rows of as many counts.
- ``binning``: numeric cells from reference quantiles, and exact sums over them.
- ``cells``: the cell of a value, exact and grouped.
- ``new_categories``: unknown categories, counted within bounds.
- ``row_batch``: rows that are counted together, and the cells of each, which stay.
- ``segment_sketch``: counts of the segments that clients name.
- ``label_sketch``: right answers by cell, of documents whose label came.
- ``line_cells``: the cells of one document, as its log line carries them.
- ``described``: the features whose cells lines carry, as a log tells of them.
- ``measures``: PSI, Wasserstein distance and new share, with their null bands.
- ``sketch``: accumulators (``update``, ``get``) for one window, and ``merge`` for many.
- ``distance``: how far a window is from the reference, and how far chance alone would move it.
- ``by_hand``: the numbers of a score, computed again step by step.
- ``isotonic``: how often answers of a confidence are right, from counts of held-out rows.
- ``attribution``: how much of a change of confidence a feature explains.
- ``movement``: a share then and now, and whether it moved visibly.
- ``rounding``: numbers that differ visibly.
- ``numeric_wording``: how a number moved, in phrases.
- ``wording``: how a feature differs from training, in sentences.
- ``features``: the watched values of one document and of each answer to it.
- ``alarm``: when a series has moved away from its reference, with bounded error.
- ``harm``: whether more answers are wrong than in training.
- ``teaching``: what good weeks teach about a series: its hours, and how restless it is.
- ``good_counts``: what good windows counted, and the reference that learns from it.
- ``taught``: what was learnt, and its JSON.
- ``embedding``: where the text of a document lies among those of training.
- ``fields``: reads single fields of plain JSON.

Nothing here knows about requests, clocks, files or logs: the caller decides what a window is.
"""

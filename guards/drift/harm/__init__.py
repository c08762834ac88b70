"""Whether a shift of inputs does harm, and what kind of shift it is.

- ``error_proxy``: the probability that an answer is wrong, by predicted label and confidence.
- ``crowding``: documents in cells that are filled far above their share of the reference.
- ``gate``: whether more answers are wrong than in training: shown, ruled out, or unknown.
- ``labelled_error``: the rate of wrong answers among labelled documents.
- ``cross_fitting``: how far the calibration is off on held-out rows that it was not fitted to.
- ``residual``: whether answers of a confidence are right as often as they were: concept drift.
- ``kind``: the kind of shift, in words.
"""

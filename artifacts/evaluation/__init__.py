"""Measure a classifier's answers against labels.

- ``encoded_table``: a labelled table, encoded.
- ``compact_encodings``: its encodings, in little memory.
- ``figures``: accuracy, F1 and calibration error, each with an interval.
- ``class_figures``: precision, recall and F1 of each class, and macro F1.
- ``calibration_error``: how far confidence is from accuracy.
- ``intervals``: intervals of shares and of differences.
- ``evaluate_bundle``: the figures of a bundle on a table.
- ``compare_bundles``: two bundles on the same rows.
"""

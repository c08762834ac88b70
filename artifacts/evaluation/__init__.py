"""Measure a classifier's answers against labels.

- ``encoded_table``: a labelled table, encoded.
- ``packed_encodings``: the encodings of many rows, without the zeros of their columns.
- ``figures``: accuracy, F1 and calibration error, each with an interval.
- ``evaluate_bundle``: the figures of a bundle on a table.
"""

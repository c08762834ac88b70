"""Measure a classifier's answers against labels.

- ``encoded_table``: a labelled table, encoded.
- ``figures``: accuracy, F1 and calibration error, each with an interval.
- ``evaluate_bundle``: the figures of a bundle on a table.
"""

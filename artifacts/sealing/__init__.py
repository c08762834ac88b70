"""Seal a trained classifier as a bundle.

- ``measure_and_seal``: the entry point for training and imports.
- ``calibrate``: the temperature.
- ``class_bias``: a temperature and a bias for each class, after a weighted training.
- ``probes``: the golden documents that every start is checked with.
- ``reference``: what inputs and answers look like on held-out rows.
- ``lineage``: what the bundle was made from.
- ``seal``: write the files and the manifest.
- ``add_engine``: add a faster engine to a sealed bundle.
"""

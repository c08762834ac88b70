"""Makes bundles of models and columns that were trained elsewhere.

- ``model``: a directory that a library of transformers wrote: network, tokenizer, labels, length.
- ``columns``: a fitted scikit-learn estimator in a joblib file: what it takes, in which form.
- ``behaviour``: what the columns make of unknown, missing and extreme values.
- ``sealing``: both together, calibrated and measured on a reference table, sealed.
"""

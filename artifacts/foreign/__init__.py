"""Makes bundles of models and columns that were trained elsewhere.

- ``model``: a directory that a library of transformers wrote: network, tokenizer, labels, length.
- ``tokenizer``: its tokenizer, as its files and as the library have it.
- ``columns``: a fitted scikit-learn estimator in a joblib file: what it takes, in which form.
- ``seen``: what the estimators inside tell of each raw input.
- ``behaviour``: what the columns make of unknown, missing and extreme values.
- ``preprocessing``: tokenizer, columns and the schema that they take, as one.
- ``sealing``: both together, calibrated and measured on a reference table, sealed.
"""

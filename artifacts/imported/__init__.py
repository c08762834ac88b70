"""Make bundles of models and columns that were trained elsewhere.

- ``import_model``: the entry point; calibrates and measures on a reference table, and seals.
- ``model``: a directory written by the transformers library: network, tokenizer, labels, length.
- ``columns``: a fitted scikit-learn estimator in a joblib file: its inputs, and their form.
- ``fitted_inputs``: what the estimators inside reveal about each of their inputs.
- ``edge_cases``: how the columns encode unknown, missing and extreme values.
- ``preprocessing``: tokenizer, columns and their schema, combined.
"""

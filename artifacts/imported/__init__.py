"""Make bundles of models and columns that were trained elsewhere.

- ``import_model``: the entry point; calibrates and measures on a reference table, and seals.
- ``model``: a directory written by the transformers library: network, tokenizer, length.
- ``labels``: the labels of its outputs, which its two maps have to agree on.
- ``agreement``: its answers, which have to be the library's own, on real and odd texts.
- ``columns``: a fitted scikit-learn estimator in a joblib file: its inputs, and their form.
- ``fitted_inputs``: what the estimators inside reveal about each of their inputs.
- ``serving_form``: the parameters that serving has no use for.
- ``edge_cases``: how the columns encode unknown, missing and extreme values.
- ``preprocessing``: tokenizer, columns and their schema, combined.
"""

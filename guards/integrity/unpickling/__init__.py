"""Reads joblib files through an allowlist of exact globals.

- ``unpickler``: makes and fills what is allowed, and refuses everything else.
- ``allowlist``: the exact globals that a fitted preprocessing may name.
- ``numpy_state``: numpy's pickled forms, checked before they are rebuilt.
- ``pandas_state``: pandas' pickled lists of columns, as plain lists.
- ``estimator_checks``: fitted state that would do harm in compiled code.
- ``decompression``: compressed files, within bounds.
"""

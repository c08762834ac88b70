"""Reads joblib files through an allowlist of exact globals.

- ``unpickler``: makes and fills what is allowed, and refuses everything else.
- ``unpickled_file``: what was found in a file, and how much memory it has taken.
- ``allowlist``: the exact globals that a fitted preprocessing may name.
- ``numpy_state``: numpy's pickled forms, checked before they are rebuilt.
- ``pandas_state``: pandas' pickled lists of columns, as plain lists.
- ``estimators``: what fitting leaves in each estimator.
- ``soundness``: fitted state compared with what fitting leaves.
- ``totals``: what a preprocessing holds and makes in total.
- ``decompression``: compressed files, within bounds.
"""

"""Judges whether a bundle is exactly what its model was trained with.

- ``verify``: the whole judgement, stage by stage.
- ``headers``: what the parts announce, before room is made for it.
- ``requirements``: what the operator demands beyond that.
- ``structure``: whether the parts fit each other.
- ``labels``: whether a challenger's labels can be compared with the champion's.
- ``environment``: the libraries here and where the bundle was sealed.
- ``probes``: golden inputs against their expected outputs, within tolerances.
- ``parity``: what a faster engine changes, against its budget.
- ``isolation``: judging in a child process under limits.
- ``graph``: what the ONNX graph of an engine may be, before anything runs it.
- ``unpickling``: joblib files through an allowlist of exact globals.
- ``state``: the fitted state as a digest and as named values.
- ``differences``: where two states or bundles differ, in words and as findings.
"""

"""Judges whether a bundle is exactly what its model was trained with.

- ``manifest``: the bundle's record, its root fingerprint, and the comparison with the files.
- ``fingerprint``: the canonical state of a fitted estimator, as a digest.
- ``description`` (with ``plain``): the same state as named values that people can read.
- ``differences`` (with ``rows``), ``wording`` and ``changes``: where two descriptions part, in
  words and as findings.
- ``signature``: who vouches for the root.
- ``unpickling``: joblib files through an ``allowlist`` of exact globals, with ``rebuilding`` for
  numpy's pickled forms and ``soundness`` for states that no fitting leaves.
- ``compression``: files from elsewhere, within bounds.
- ``structure``: whether the parts fit each other.
- ``environment``: the libraries here and where the bundle was sealed.
- ``probes``: golden inputs with expected outputs, and the tolerances that they must meet.
- ``parity``: what a faster engine changes, against its budget.
- ``demands``: what the operator asks beyond that.
- ``verify``: all of it in order, from bytes read once.
- ``comparison``: what differs between two bundles.
"""

from guards.integrity.demands import Demands, Policy
from guards.integrity.description import describe
from guards.integrity.differences import differences
from guards.integrity.fingerprint import digest
from guards.integrity.manifest import (
    FORMAT,
    Manifest,
    Part,
    SealedFiles,
    read_sealed,
    root_fingerprint,
)
from guards.integrity.probes import ProbeOutputs, Probes
from guards.integrity.unpickling import loads
from guards.integrity.verify import Loaded, verify

__all__ = [
    "FORMAT",
    "Demands",
    "Loaded",
    "Manifest",
    "Part",
    "Policy",
    "ProbeOutputs",
    "Probes",
    "SealedFiles",
    "describe",
    "differences",
    "digest",
    "loads",
    "read_sealed",
    "root_fingerprint",
    "verify",
]

"""The version of the bundle's layout and manifest.

Adding an optional field to the manifest needs no new version: give it a default, so that older
bundles still parse. Raise the version when code of the version before would misread a new bundle:

1. Set ``FORMAT`` to the new number and extend ``ReadableFormat`` by it.
2. In ``guards.bundle.manifest``, read the older versions into the records of the new one. The root
   fingerprint covers the JSON as it was written, so never rewrite a bundle that is only read.
3. With the code before the change, seal bundles into ``tests/faults/sealed/format-N``, and let
   ``tests/faults/test_format_1.py`` or a copy of it open, serve and diff them.
4. Drop a version from ``ReadableFormat`` only with a note in the changelog: its bundles have to be
   sealed again.
"""

from __future__ import annotations

from typing import Literal

__all__ = ["FORMAT", "ReadableFormat"]

FORMAT = 1
"""The version that is written."""

ReadableFormat = Literal[1]
"""The versions that are read."""

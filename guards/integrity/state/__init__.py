"""The fitted state of a preprocessing.

- ``fingerprint``: the canonical state as a digest.
- ``description``: the same state as named values that people can read.
- ``jsonable``: any value as plain JSON that is short enough to read.
"""

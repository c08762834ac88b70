"""Champion against challenger, from logs and labels.

- ``comparison``: everything that the evidence says of each challenger.
- ``queue``: which documents to label next.
"""

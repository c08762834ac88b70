"""The answers of champion and challenger to the same documents, and how many were compared.

- ``pair``: one document with both answers, or the reason why the challenger has none.
- ``coverage``: how many eligible documents were compared, and what became of the others.
"""

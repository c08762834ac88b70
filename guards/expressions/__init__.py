"""Tell whether matching a regular expression takes more than linear time.

A bundle brings expressions of its own, which every text of a request is matched with: the
``token_pattern`` of a vectorizer, and those of a tokenizer's steps. Both dialects are read, that of
Python and that of Oniguruma, which the library of tokenizers uses.

- ``characters``: sets of characters, over a sample of all characters.
- ``syntax``: what an expression is parsed to.
- ``parsing``: parse an expression of either dialect.
- ``ambiguity``: repetitions that can match one text in several ways.
- ``matching``: match by backtracking, and count the steps.
- ``texts``: texts on which a slow expression is slow.
- ``cost``: the verdict.
"""

from guards.expressions.cost import costly_expression

__all__ = ["costly_expression"]

"""A diagnosis as one page that needs nothing else, and as Markdown.

- ``page``: the page, from its first sentence to its last.
- ``findings_list``: the ranked findings, each with what undoing it restores.
- ``terms``: the change by kinds of documents.
- ``decomposition``: slices, groups of inputs, and what is mix and what is within inputs.
- ``words``: the words that came and went.
- ``effects``: the words and columns that drive the answers differently.
- ``over_time``: the confidence over time, with alarms and other champions.
- ``inputs``: the distributions of the inputs that moved, side by side.
- ``challengers``: what challengers answered in both periods.
- ``sides``: what the two periods are called, and how they look.
- ``steps``: numeric cells joined to steps that are wide enough to be drawn.
- ``outlines``: two distributions of numbers over each other.
- ``markdown``: the same for a merge request.
"""

"""A diagnosis as one page that needs nothing else: no script, no picture, no network.

- ``page``: the page, from its first sentence to its last.
- ``findings_list``: the ranked findings, each with what undoing it restores.
- ``over_time``: the confidence over time, with alarms and other champions.
- ``inputs``: the distributions of the inputs that moved, side by side.
- ``challengers``: what challengers answered in both periods.
- ``steps``: numeric cells joined to steps that are wide enough to be drawn.
- ``drawing``: shapes of SVG, and how both periods look.
- ``outlines``: two distributions of numbers over each other.
- ``bars``: tables whose rows have bars.
- ``elements``: escaped text, and tables.
- ``style``: the one style element, and the policy that allows it and nothing else.
- ``markdown``: the same for a merge request.
"""

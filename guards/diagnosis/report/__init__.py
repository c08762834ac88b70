"""A diagnosis as one page that needs nothing else: no script, no picture, no network.

- ``page``: the page, from its first sentence to its last.
- ``charts``: drawings in SVG, each of numbers that a table beside it has, too.
- ``elements``: escaped text, and tables.
- ``style``: the one style element, and the policy that allows it and nothing else.
- ``markdown``: the same for a merge request.
"""

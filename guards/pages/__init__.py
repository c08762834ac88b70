"""Pages that need nothing else: no script, no picture, no network.

- ``document``: a whole page of its parts.
- ``elements``: escaped text, and tables.
- ``drawing``: shapes of SVG, and how the two sides of a comparison look.
- ``bars``: tables whose rows have bars.
- ``style``: the one style element, and the policy that allows it and nothing else.
"""

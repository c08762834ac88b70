"""Where two descriptions or two bundles differ, in words and as findings.

- ``state_diff``: the values on which two descriptions differ, and which of them are private.
- ``row_diff``: rows that were added, removed, replaced or swapped.
- ``text``: a difference in words.
- ``as_findings``: what changed in a preprocessing, as findings.
- ``bundle_diff``: what differs between two bundles, section by section.
"""

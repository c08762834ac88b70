"""The demo: two bundles trained from synthetic documents, three days of traffic, and the moral.

- ``bundles``: train champion and challenger, or take them from an earlier run.
- ``traffic``: send a day's documents over HTTP, bounded in count and time.
- ``report``: read back from the log what happened.
"""

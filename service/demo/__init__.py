"""The demo: two bundles trained on synthetic documents, three days of traffic, and what they show.

- ``story``: all of it, from training to what the log shows.
- ``bundles``: train champion and challenger, or take them from an earlier run.
- ``traffic``: send a day's documents over HTTP, bounded in count and time.
- ``report``: read back from the log what happened.
- ``settling``: what the log says of the challenger, and what a stack of labels adds.
"""

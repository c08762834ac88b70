"""Documents of the past, answered again: a retrospective shadow.

- ``answering``: a bundle's answers to documents, with the values that are watched of them.
- ``replay``: champion and challengers answer documents, as events of the log.
- ``replay_log``: the log of a replay, which goes on where it was interrupted.
"""

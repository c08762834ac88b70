"""When a series of cell counts has moved away from its reference: alarms with bounded error.

For every series (a feature's cells) and every start on a grid of start times an e-value compares
what was counted since with the reference. An alarm is raised where an e-value reaches a
threshold that divides the error over all series and starts, so that the expected number of false
alarms is at most ``ALPHA`` in any 30 days, however often it is looked and whatever else drifts.

- ``arcsine``: shares on the arcsine scale, on which a shift means the same everywhere.
- ``series``: ``SeriesReference``, the counts that a series is compared with.
- ``splits``: the ways to divide a series' cells in two.
- ``bank``: the splits of all series side by side, for one pass of arithmetic.
- ``hourly``: references by hour of the week.
- ``evidence``: the e-value of one start, and a cheap upper bound of it.
- ``events``: ``Raised`` and ``Cleared``.
- ``rule``: ``AlarmRule``, which looks once a minute.
- ``visible``: the smallest shift that a reference of so many rows can show.
"""

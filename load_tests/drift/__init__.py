"""Drift measured: the alarm rule in simulations, on real documents and beside peers.

Simulations, from multinomial counts and without a service:

- ``streams``: series without drift, and the counts of their minutes
- ``false_alarms``: months without drift: how often an alarm is raised
- ``changes``, ``delays``: how many minutes a change takes to be found, by the rule and by others
- ``peers``: scores of single windows with thresholds that err in one month of twenty
- ``cycles``: daily cycles and autocorrelation, with and without taught weeks
- ``sizes``: whether the smallest visible shift is what it is said to be

The service's own parts, and peers:

- ``real``: real documents in the order of time, shuffled, and dealt anew; ``answered`` trains the
  bundle and answers them, ``replay`` has them pass through windows and alarms
- ``merging``: reading and merging the windows of many replicas
- ``defaults``: peers with their defaults on days without drift

``python -m load_tests.drift false-alarms`` (``delays``, ``real``, ...) prints a table.
"""

"""Simulations of the alarm rule, from multinomial counts and without a service.

- ``streams``: series without drift, and the counts of their minutes
- ``false_alarms``: months without drift: how often an alarm is raised
- ``changes``, ``delays``: how many minutes a change takes to be found, by the rule and by others
- ``peers``: scores of single windows with thresholds that err in one month of twenty
- ``cycles``: daily cycles and autocorrelation, with and without taught weeks
- ``sizes``: whether the smallest visible shift is what it is said to be

``python -m load_tests.drift false-alarms`` (``delays``, ``cycles``, ``sizes``) prints a table.
"""

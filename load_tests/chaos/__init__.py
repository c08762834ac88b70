"""Disturb a running service, and see that it does what was promised: ``make chaos``.

- ``__main__``: the command line, a line for each scenario.
- ``challengers``: a challenger is killed, hangs, or crashes again and again.
- ``stops``: the service or its worker is stopped, killed, or sent a hang-up.
"""

"""Disturb a running service, and see that it does what was promised: ``make chaos``.

- ``__main__``: the command line, a line for each scenario.
- ``challengers``: a challenger is killed, hangs, or crashes again and again.
- ``clients``: clients leave, ask for too much, are slow, or compress what they send.
- ``logs``: the log cannot be written, is moved, or is read twice.
- ``stops``: the service or its worker is stopped, killed, or sent a hang-up.
- ``surroundings``: what an orchestrator injects, and what lies around where the service starts.
"""

"""How often monitors alarm on a day without drift, with their defaults.

- ``day``: rows of such a day
- ``ours``: the alarm rule over each minute of it
- ``peers``: others over some of its minutes, in environments of their own, and the table

Run in those environments: ``frames`` reads the rows, and ``run_evidently``, ``run_nannyml`` and
``run_whylogs`` count what is flagged.
"""

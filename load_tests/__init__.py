"""Measures services from outside: scenarios that talk HTTP and import no other room.

- ``bench``: the table of targets, with peers if wanted (``python -m load_tests.bench``)
- ``smoke``: send a bounded number of documents to a running service, then check that coverage
  balances (``python -m load_tests.smoke``)

What they send: ``documents`` (made up, or from a table), ``subject`` (those, a model, its bundle).
Who answers: ``servers`` (start, wait, stop), ``trees`` (their processor time), ``contenders``,
``peers`` and their ``environments``, ``bare`` (the engine by itself).
How it is sent: ``wire`` (as little HTTP as will do), ``loads``; ``client``, for the smoke scenario.
What comes of it: ``measuring``, ``pairs``, ``overload``, ``coverage``, ``medians``, then
``results`` and their ``table``. ``micro`` measures single rooms, and imports them.
"""

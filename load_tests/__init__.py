"""Measures services from outside: scenarios that talk HTTP and import no other room.

- ``bench``: the table of targets, with peers if wanted (``python -m load_tests.bench``)
- ``smoke``: send a bounded number of documents to a running service, then check that coverage
  balances (``python -m load_tests.smoke``)

- ``documents``, ``subject``: what is sent, and the model and the bundle that answer it
- ``contenders``, ``servers``, ``environments``, ``peers``: who is measured, and how it is run
- ``wire``, ``loads``, ``status``: how documents are sent, and what the service counts
- ``first_paint``: the size of a diagnosis's report, and how soon a browser shows something of it
- ``measuring``, ``results``: single measurements, and the table made of them
- ``micro``: measurements of single rooms, which import them
- ``drift``: simulations of the alarm rule (``python -m load_tests.drift``)
- ``diagnosis``: causes that are put in and diagnosed (``python -m load_tests.diagnosis``)
- ``stage``: starts services that are disturbed or soaked, and waits for what they do
- ``chaos``: services that are disturbed (``python -m load_tests.chaos``)
- ``soak``: a service at half load for an hour (``python -m load_tests.soak``)
- ``fuzz``: damaged bundles and hostile requests (``python -m load_tests.fuzz``)
"""

"""Measures a running service from outside: scenarios that talk HTTP and import no other room.

- ``smoke``: send a bounded number of documents, then check that coverage balances
  (``python -m load_tests.smoke``)
- ``client``: the connection to a service, and the closed loop of clients
- ``documents``: documents to send, made up or read from a table
- ``coverage``: what the service says became of each comparison, and whether that balances
"""

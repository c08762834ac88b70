"""Admits requests and runs their documents on the engine.

- ``scheduler``: admits requests and runs their documents.
- ``admission``: how much work is admitted, by how long it is estimated to take.
- ``queueing``: which document runs next, and which ones are dropped.
- ``lanes``: the threads that run documents on the engine.
- ``jobs``: one document in a lane, and the request that waits for its results.
"""

"""Throws damaged bundles at the guard and hostile requests at a service, and judges what comes.

``python -m load_tests.fuzz bundles`` damages real bundles, seals them again and has ``understudy
verify`` judge them; what passes is used. ``python -m load_tests.fuzz requests`` sends raw requests
to a service with keys. Both print what was tried and what failed, with the seed and the number that
make it again.

- ``bundles``, ``drawing``, ``damage``: which bundles are drawn, and what is done to them
- ``states``: damaged states of fitted estimators
- ``bases``, ``columns``, ``resealing``: the bundles to start from, and how they are sealed again
- ``judging``, ``using``, ``processes``: how bundles are judged and used, and what that may cost
- ``requests``, ``request``: which requests are sent, and how the answers are judged
- ``report``: what was tried, and what failed
"""

"""Tests and intervals that stay valid however often they are looked at.

Each is a function of counts and sums alone, so that replicas and days add up in any order.

- ``confidence_sequence``: intervals for a mean and for a rate.
- ``e_process``: evidence against a null hypothesis, as the logarithm of an e-value.
- ``error_budget``: how the probability of an error is divided.
- ``starts``: sums over the last minutes, from start times on a geometric grid.
"""

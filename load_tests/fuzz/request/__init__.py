"""Hostile requests: what is sent, to which service, and what may be answered.

- ``drawing``: a whole request, of which one or two aspects are hostile
- ``lines``, ``headers``, ``bodies``: its aspects
- ``wire``: sends bytes and splits the answers
- ``service``: the service that is sent to
- ``judging``: what an answer and a log may hold
"""

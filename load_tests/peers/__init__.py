"""Servers to compare with, one file each; none is installed where Understudy is.

Each ``NAME.txt`` is what ``NAME`` needs beside torch, in an environment of its own
(``load_tests.environments``); ``NAME.py`` is the service, where a command line alone is not enough.
``empty`` runs where Understudy does: what BentoML and a mounted route cost before anything is done.
"""

"""Challengers: they answer the same documents as the champion, and no client sees their answers.

- ``interface``: what a challenger is, wherever it runs.
- ``mirror``: offers each answered document to every challenger, and counts the outcomes.
- ``refused``: a challenger whose bundle the guard has refused.
- ``queue``: the documents that wait for a challenger.
- ``local``: a challenger in a process of its own on this machine.
"""

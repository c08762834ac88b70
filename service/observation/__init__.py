"""The observe step: what is recorded of every answered document.

- ``recorder``: the step itself, and the outcomes of challengers.
- ``windows``: the counts of inputs and answers since the last flush, and their scores.
- ``input_counts``: how often inputs were unknown, missing, coerced, out of range or extra.
- ``log_line``: the event of a document.
- ``feedback``: the event of a true label.
"""

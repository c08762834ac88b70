"""What is executed and never served.

- ``comparison``: an observation of a challenger, and how it compares with the champion's.
- ``mirror``: copies a request to every challenger, and keeps the books on each copy.
- ``challenger``: a challenger's process, its queue, its supervision.
- ``process``: what runs inside that process.
- ``frames``: the wire between the two; length-prefixed JSON, never pickle.
- ``priority``: how the process is kept out of the champion's way.
"""

"""What is executed and never served.

- ``comparison``: an observation of a challenger, and how it compares with the champion's.
- ``mirror``: copies a request to every challenger, and keeps the books on each copy.
- ``challenger``: a challenger's queue, and the supervision of its process.
- ``conversation``: the documents that the process is answering.
- ``process``: what runs inside that process; ``desk``: how it answers, several at once.
- ``terms``: what the two tell each other before the first document.
- ``handover``: what a challenger is handed and what it answers, as frames.
- ``frames``: the wire between the two; a short JSON and the bytes of arrays, never pickle.
- ``priority``: how the process is kept out of the champion's way.
"""

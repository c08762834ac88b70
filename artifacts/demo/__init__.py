"""The demo's synthetic documents, of our own writing.

- ``names``: invented people and companies, and other words that fill the slots of phrases.
- ``phrases``: what documents say.
- ``styles``: which phrases a document of each style is made of.
- ``writing``: how phrases become the text of one document.
- ``documents``: the tables that the demo trains on, and its days of traffic.
"""

"""The demo: synthetic documents of our own writing, and the story that they tell.

- `names`, `phrases`, `styles_everyday`, `styles_changing`: what the documents say
- `writing`: how phrases become the text of one document
- `documents`: the tables that the demo trains on, and its days of traffic
- `story`: what the demo does with them
"""

"""Champion against challenger, from logs and labels.

- ``comparison``: everything that the evidence says of each challenger.
- ``page``: the comparison as one page.
- ``periods``: what the log looked like day by day.
- ``columns_told``: the champion's columns, as far as a log tells them.
- ``training_rows``: labelled documents to train on.
- ``queue``: which documents to label next.
- ``queue_table``: the file with them, to be filled in.
"""

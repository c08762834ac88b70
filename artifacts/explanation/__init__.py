"""Which words and columns drive the answers of a bundle.

- ``explain``: a bundle on one table, or on two side by side.
- ``samples``: the documents of a table that are explained.
- ``answered``: what the network makes of them.
- ``documents``: what each word of each document adds to its answer.
- ``words``: where the words of a text stand among its token ids.
- ``integrated_gradients``, ``leaving_out``: the two methods.
- ``columns``: what each column adds to the answers.
- ``periods``: words and columns of one table.
- ``side_by_side``: words and columns that differ between two tables.
"""

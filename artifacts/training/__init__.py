"""Train a bundle on a labelled table.

- ``train``: the entry point, from table to bundle.
- ``columns``: fit the imputers, scalers and encoders of the columns.
- ``categories``: which categories are known, and what is told of the others.
- ``wordpiece``: learn a tokenizer, if there is no base model.
- ``fine_tuning``: the training loop.
"""

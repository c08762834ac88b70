"""Makes bundles, and opens them.

- ``tables``: any table in, canonical documents out.
- ``columns``: the ColumnTransformer of imputers, scalers and encoders.
- ``tokenizer``: the tokenizer of a base model, or a WordPiece one of our own.
- ``cut``: what is kept of a text that is too long.
- ``preprocessing``: document to encoding, the same code in training and in serving.
- ``network``: the encoder joined with the columns.
- ``training``: fit, fine-tune, calibrate, build the reference.
- ``sealing``: write the bundle; ``opening``: judge it and load it.
- ``evaluation``: how good answers are, with intervals; ``measuring``: those of a bundle on a table.
- ``demo``: the synthetic documents and the story that ``make demo`` tells.
"""

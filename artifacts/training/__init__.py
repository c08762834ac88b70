"""Train a bundle on a labelled table.

- ``train``: the entry point, from table to bundle.
- ``columns``: fit the imputers, scalers and encoders of the columns.
- ``wordpiece``: learn a tokenizer, if there is no base model.
- ``fine_tuning``: train a network, and keep its best epoch.
- ``trainer``: the library's ``Trainer`` on encoded documents.
- ``trainable``: a whole network, or the layers above a frozen encoder.
- ``batches``: which documents share a batch, and a pass.
- ``callbacks``: what happens between the steps of a training.
- ``checkpoints``: where a training keeps its checkpoints, and which may be resumed.
"""

"""Train a bundle on a labelled table.

- ``train``: the entry point, from table to bundle.
- ``options``: how to train.
- ``base_options``: what can be wrong with the options about a base.
- ``held_out``: which rows are held out.
- ``starting_point``: the tokenizer and network of a base, or small new ones.
- ``columns``: fit the imputers, scalers and encoders of the columns.
- ``categories``: which categories are known, and what is told of the others.
- ``wordpiece``: learn a tokenizer, if there is no base model.
- ``held_out_figures``: what the held-out rows say after an epoch.
- ``fine_tuning``: train a network, and keep its best epoch.
- ``trainer``: the library's ``Trainer`` on encoded documents.
- ``trainable``: a whole network, or the layers above a frozen encoder.
- ``batches``: which documents share a batch, and a pass.
- ``callbacks``: what happens between the steps of a training.
- ``launcher``: whether this process is one of several.
- ``trackers``: what a training can report to.
- ``checkpoints``: where a training keeps its checkpoints, and which may be resumed.
"""

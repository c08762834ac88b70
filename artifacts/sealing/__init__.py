"""Seal a trained classifier as a bundle.

- ``destination``: where a bundle can be sealed.
- ``measure_and_seal``: the entry point for training and imports.
- ``answer_check``: whether answers are finite, and labels look exchanged.
- ``embedding``: answers held-out rows, and maps where their texts lie.
- ``calibrate``: the temperature.
- ``class_bias``: a temperature and a bias for each class, after a weighted training.
- ``log_loss``: the loss that both minimise.
- ``probes``: the golden documents that every start is checked with.
- ``few_rows``: notes on what too few held-out rows cannot tell.
- ``reference``: what inputs and answers look like on held-out rows.
- ``unknown_tokens``: a note if the tokenizer does not know the texts.
- ``lineage``: what the bundle was made from.
- ``seal``: write the files and the manifest.
- ``add_engine``: add a faster engine to a sealed bundle.
- ``good_windows``: reads the windows that a reference learns from.
- ``teach``: seal a bundle again with a reference that has learnt.
"""

"""Make bundles, and open them.

From the lowest package to the highest; each imports only those before it.

- ``bundle``: open a bundle and run it; the only package that a service needs.
- ``progress``: show how far a long phase is.
- ``tables``: read labelled tables as documents.
- ``evaluation``: measure answers against labels, with intervals.
- ``acceleration``: build faster engines and measure what they change.
- ``explanation``: which words and columns drive answers.
- ``pretrained``: read what the transformers library wrote.
- ``replaying``: documents of the past, answered again.
- ``sealing``: calibrate, measure and seal what was trained; add engines to a bundle.
- ``training``: train a bundle on a labelled table.
- ``imported``: make a bundle of a model and columns that were trained elsewhere.
- ``demo``: write the synthetic documents that ``make demo`` trains on and sends.
"""

"""The numbers of a score, computed again from counts step by step.

Nothing here uses the code that computed them first, so that each is a check of the other. Every
number comes with its formula, the numbers put in.

- ``cells``: the cells of a feature, with the reference's rows and the window's documents.
- ``steps``: a number and its formula.
- ``shares``: Jensen-Shannon, PSI and new categories, over the shares of all cells.
- ``cumulative``: Kolmogorov-Smirnov and Wasserstein, over the shares below each edge.
- ``evidence``: the e-value, over the ways to divide the cells in two.
- ``score``: all numbers of a score.
"""

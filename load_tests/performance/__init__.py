"""Measures estimates of performance without labels (``python -m load_tests.performance``).

- ``census``, ``nannyml_census``: beside NannyML's estimates on the census data of its package
- ``coverage``, ``simulated``: beside the labels of simulated documents, whose inputs change
"""

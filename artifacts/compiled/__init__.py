"""Fitted columns as plain numpy: the same bits as scikit-learn's, a few hundred times sooner.

``reading`` says which column each place of the output comes from and what is done to it, ``tables``
asks the estimator for what it makes of every category, ``steps`` is what runs at each request, and
``proof`` compares it with the estimator. Whatever is not known to the last bit is declined, and the
estimator answers itself.
"""

from artifacts.compiled.compiling import compile_columns
from artifacts.compiled.steps import CompiledColumns

__all__ = ["CompiledColumns", "compile_columns"]

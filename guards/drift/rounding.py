"""Numbers and shares as text, rounded for a reader, but never so far that two look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["number_pair", "number_text", "share_pair", "share_text"]

_DIGITS = 3
_MAX_DIGITS = 17
"""As many tell any two doubles apart."""

_SMALLEST, _LARGEST = 1e-4, 1e15
"""Outside of them a number is easier to read with its power of ten."""

_WHOLE_UNITS = 1e4
"""Below it a number keeps its units; above, only its first digits count."""

_MAX_DECIMALS = 4
_SMALL_SHARE = 0.01


def number_text(value: float, digits: int = _DIGITS) -> str:
    """Return a finite number with about so many significant digits and thousands separators.

    >>> number_text(377412.0), number_text(1204.4), number_text(0.012345), number_text(1e300)
    ('377,000', '1,204', '0.0123', '1e300')
    """
    value += 0.0  # nobody wants to read -0
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    rounded = float(f"{mantissa}e{exponent}")
    if rounded and not _SMALLEST <= abs(rounded) < _LARGEST:
        return f"{_trimmed(mantissa)}e{int(exponent)}"
    shown = value if abs(rounded) < _WHOLE_UNITS else rounded
    return _trimmed(f"{shown:,.{max(digits - 1 - int(exponent), 0)}f}")


def number_pair(first: float, second: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes for them to look different.

    >>> number_pair(377.04, 377.11)
    ('377', '377.1')
    """
    return _distinct(number_text, first, second, range(_DIGITS, _MAX_DIGITS + 1))


def share_text(share: float, decimals: int = 0) -> str:
    """Return a share of 0 to 1 in percent, with a decimal near both ends; 0 is ``none``.

    >>> share_text(0.217), share_text(0.0042), share_text(0.9996), share_text(1), share_text(0)
    ('22 %', '0.4 %', '> 99.9 %', '100 %', 'none')
    """
    if share <= 0 or share >= 1:
        return "none" if share <= 0 else "100 %"
    near_an_end = not _SMALL_SHARE <= share <= 1 - _SMALL_SHARE
    decimals = max(decimals, 1) if near_an_end else decimals
    shown = f"{100 * share:.{decimals}f}"
    step = 10.0**-decimals
    if float(shown) == 0:
        return f"< {step:.{decimals}f} %"
    return f"> {100 - step:.{decimals}f} %" if shown.startswith("100") else f"{shown} %"


def share_pair(first: float, second: float) -> tuple[str, str]:
    """Return two shares with as many decimals, up to 4, as it takes for them to look different.

    >>> share_pair(0.22, 0.59), share_pair(0.221, 0.224)
    (('22 %', '59 %'), ('22.1 %', '22.4 %'))
    """
    return _distinct(share_text, first, second, range(_MAX_DECIMALS + 1))


def _distinct(
    text: Callable[[float, int], str], first: float, second: float, precisions: range
) -> tuple[str, str]:
    for precision in precisions:
        pair = text(first, precision), text(second, precision)
        if first == second or pair[0] != pair[1]:
            break
    return pair


def _trimmed(number: str) -> str:
    return number.rstrip("0").rstrip(".") if "." in number else number

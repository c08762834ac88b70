"""The samples of a soak as an SVG that needs nothing else: memory, descriptors, latency."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from load_tests.soak.sampling import Sample

__all__ = ["as_svg"]

# In pixels: a panel with its title above it, and the values of its axes beside and below.
_LEFT, _TOP, _WIDTH, _HEIGHT, _BELOW = 60, 30, 640, 130, 25
_STEP = _TOP + _HEIGHT + _BELOW


def as_svg(samples: Sequence[Sample], warm_up_s: float) -> str:
    """Return three panels over minutes; a dotted line is where ``warm_up_s`` ends."""
    minutes = [sample.elapsed_s / 60 for sample in samples]
    panels = {
        "memory of all processes, MiB": [sample.memory_mib for sample in samples],
        "open descriptors of all processes": [float(sample.descriptors) for sample in samples],
        "p99 of ten seconds, ms": [sample.p99_ms for sample in samples],
    }
    width, height = _LEFT + _WIDTH + _LEFT, _STEP * len(panels)
    size = f'width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, (title, values) in enumerate(panels.items()):
        lines.append(f'<g transform="translate({_LEFT} {number * _STEP + _TOP})">')
        lines += _panel(title, minutes, values, warm_up_s / 60)
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def _panel(
    title: str, minutes: Sequence[float], values: Sequence[float], warm_up: float
) -> Iterator[str]:
    low, high = min(values), max(values)
    # A figure that never changes is a line in the middle.
    bottom, top = (low, high) if low < high else (low - 1, high + 1)

    def x(minute: float) -> float:
        return minute / minutes[-1] * _WIDTH

    def y(value: float) -> float:
        return (top - value) / (top - bottom) * _HEIGHT

    points = " ".join(
        f"{x(minute):.1f},{y(value):.1f}" for minute, value in zip(minutes, values, strict=True)
    )
    yield f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="none" stroke="silver"/>'
    yield f'<text y="-8">{title}</text>'
    yield f'<text x="-6" y="4" text-anchor="end">{top:.6g}</text>'
    yield f'<text x="-6" y="{_HEIGHT + 4}" text-anchor="end">{bottom:.6g}</text>'
    yield f'<text y="{_HEIGHT + 16}">0</text>'
    yield (
        f'<text x="{_WIDTH}" y="{_HEIGHT + 16}" text-anchor="end">{minutes[-1]:.0f} minutes</text>'
    )
    yield (f'<path d="M{x(warm_up):.1f} 0V{_HEIGHT}" stroke="gray" stroke-dasharray="2 3"/>')
    yield f'<polyline points="{points}" fill="none" stroke="navy"/>'

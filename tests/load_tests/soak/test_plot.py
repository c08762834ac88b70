"""The plot is XML, and shows every sample."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from load_tests.soak.plot import as_svg
from tests.load_tests.soak.samples import samples

SVG = "{http://www.w3.org/2000/svg}"


def test_each_panel_has_a_point_for_each_sample() -> None:
    """Points are within the panel, from left to right; larger values are higher."""
    taken = samples(mib=50)

    root = ET.fromstring(as_svg(taken, 600.0))  # noqa: S314 (our own)

    panels = root.findall(f"{SVG}g")
    assert [panel.findtext(f"{SVG}text") for panel in panels] == [
        "memory of all processes, MiB",
        "open descriptors of all processes",
        "p99 of ten seconds, ms",
    ]
    figures: tuple[list[float], ...] = (
        [sample.memory_mib for sample in taken],
        [float(sample.descriptors) for sample in taken],
        [sample.p99_ms for sample in taken],
    )
    for panel, values in zip(panels, figures, strict=True):
        points = [tuple(map(float, point.split(","))) for point in _line(panel).split()]
        frame = panel.find(f"{SVG}rect")
        assert frame is not None
        assert len(points) == len(taken)
        assert points == sorted(points, key=lambda point: point[0])
        assert points[-1][0] == float(frame.attrib["width"])
        assert {y for _, y in points} >= {0.0, float(frame.attrib["height"])}
        assert points[values.index(max(values))][1] == 0.0


def test_figures_that_never_change_are_a_line() -> None:
    """It is in the middle; nothing is divided by zero."""
    root = ET.fromstring(as_svg([samples()[0]] * 3, 0.0))  # noqa: S314 (our own)

    ys = {
        float(point.split(",")[1])
        for panel in root.findall(f"{SVG}g")
        for point in _line(panel).split()
    }
    assert ys == {65.0}


def _line(panel: ET.Element) -> str:
    line = panel.find(f"{SVG}polyline")
    assert line is not None
    return line.attrib["points"]

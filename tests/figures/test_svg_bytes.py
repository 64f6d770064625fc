"""An SVG does not show the last bits of its numbers, which differ between processors."""

from __future__ import annotations

import re

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from metaimt.figures.kaplan_meier import _stairs
from metaimt.figures.save import figure_bytes, steady

BIT = 2.0**-52


def picture(bits: int) -> Figure:
    """Two panels whose frames are the same but for so many bits; clipped lines, markers, text."""
    figure = Figure(figsize=(4.0, 3.0))
    panels: list[Axes] = []
    for noise in (1.0, 1.0 + bits * BIT):
        panel = figure.add_axes((0.1 * noise, 0.2, 0.7 * noise, 0.6 * noise))
        panel.plot(np.linspace(-1, 2, 150) * noise, np.sin(np.linspace(0, 6, 150)) * noise, clip_on=True)
        panel.plot([0.25 * noise, 0.5], [0.125, 0.375 * noise], marker="|", linestyle="none")
        panel.set(xlim=(0.0, 1.0 * noise), ylim=(-1.0, 1.0 * noise), title="made up")
        panel.set_axis_off()  # matplotlib chooses ticks by the last bits; ours are set
        panels.append(panel)
    return figure


@pytest.mark.parametrize("bits", [-4, -1, 1, 3])
def test_the_same_bytes_whatever_the_last_bits(bits: int) -> None:
    assert figure_bytes(picture(bits), "svg") == figure_bytes(picture(0), "svg")


def test_every_reference_leads_to_one_definition() -> None:
    svg = figure_bytes(picture(2), "svg").decode("utf-8")
    defined = re.findall(r'id="([mp][0-9a-f]{10})"', svg)
    used = set(re.findall(r'(?:url\(#|href="#)([mp][0-9a-f]{10})', svg))
    assert len(defined) == len(set(defined)) == 2
    assert used == set(defined)


def test_coordinates_have_three_decimals_and_text_is_text_of_its_measured_width() -> None:
    svg = figure_bytes(picture(0), "svg").decode("utf-8")
    assert re.findall(r'textLength="[\d.]+" lengthAdjust="spacingAndGlyphs">([^<]*)</text>', svg) == ["made up"] * 2
    rest = re.sub(r"scale\([^)]*\)", "", svg)
    assert re.findall(r' (?:d|x|y|transform)="[^"]*\.\d{4}', rest) == []
    assert steady(svg) == svg


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('<path d="M 237.561112 1.5 "/>', '<path d="M 237.561113 1.5 "/>'),
        ('<use x="-0" y="2"/>', '<use x="0" y="2"/>'),
        ('<use x="-0.000001" y="2"/>', '<use x="0.000001" y="2"/>'),
        (
            '<g transform="translate(10.1999996 -0.000004) scale(0.1 -0.1)"/>',
            '<g transform="translate(10.2 0) scale(0.1 -0.1)"/>',
        ),
    ],
)
def test_numbers_that_only_rounding_tells_apart(one: str, other: str) -> None:
    assert steady(one) == steady(other)


def test_what_is_no_coordinate_stays() -> None:
    """A description with a long number and a minus, a date, a style."""
    svg = '<dc:description>0.123456 and -0, 2026-01-01</dc:description><g style="stroke-dasharray: 1.23456,-0"/>'
    assert steady(svg) == svg
    assert steady('<path d="M -0.5 10.0625 L 0.25 -0.125"/>') == '<path d="M -0.5 10.062 L 0.25 -0.125"/>'


def test_of_equal_clip_paths_one_stays() -> None:
    one, other = (
        f'  <clipPath id="{name}">\n   <rect x="{x}" y="0" width="5" height="6"/>\n  </clipPath>\n'
        for name, x in (("p0000000001", "1.000001"), ("p0000000002", "1"))
    )
    svg = steady(f'<g clip-path="url(#p0000000001)"/><g clip-path="url(#p0000000002)"/>\n{one}{other}')
    first, second, defined = re.findall(r"p[0-9a-f]{10}", svg)
    assert first == second == defined
    assert svg.count("<clipPath") == svg.count("</clipPath>") == 1


def test_a_last_step_that_rounding_made_is_no_step() -> None:
    time, level = np.array([1.0, 2.0, 3.0]), np.array([0.8, 0.5, 0.5])
    for bits in (-2, 0, 2):
        x, y = _stairs(time, level * np.array([1.0, 1.0, 1.0 + bits * BIT]))
        assert x.tolist() == [0.0, 1.0, 1.0, 2.0, 2.0, 3.0]
        assert y.tolist() == [1.0, 1.0, 0.8, 0.8, 0.5, 0.5]

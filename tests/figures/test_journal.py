"""What a journal asks of a figure: size, type, fonts, grey; and that no such wish touches a number."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace

import pytest
from drawn import assert_tidy, marks, written
from matplotlib.text import Text

from metaimt.analyses.results import Results
from metaimt.analyses.subgroups import reports_by_level
from metaimt.cli.figures import _tell_letters
from metaimt.content.every_report import reports_section
from metaimt.content.forest import ForestOptions, Order, SingleCases, share_of_information
from metaimt.content.forest_row import ForestRow
from metaimt.figures import review_forest as made
from metaimt.figures.forest import ForestTable, draw_forest
from metaimt.figures.layout import font_with, is_installed
from metaimt.figures.registry import draw_figure
from metaimt.figures.review_figure import ReviewFigure
from metaimt.figures.save import figure_bytes, in_grey, pages_bytes, without_glyph
from metaimt.figures.style import FONT, Setting, grey, set_as
from metaimt.problem import WrongUse
from metaimt.report.tables import pool_rows
from metaimt.statistics.posterior import PooledProportion, RhoPosterior

POOLS = ("strict", "all_evidence")
MM, A4 = 1 / 25.4, 297.0
ORDERS: tuple[Order, ...] = ("weight", "rate", "year", "name")
FORMS: tuple[SingleCases, ...] = ("rows", "one", "tiles")


def drawn(results: Results, name: str, width: float | None = None) -> ReviewFigure:
    with set_as(Setting(None if width is None else width * MM)):
        found = draw_figure(results, name)
    assert isinstance(found, ReviewFigure)
    return found


@pytest.mark.parametrize(("name", "width"), [("forest", 170), ("strata", 170), ("strata", 85)])
def test_a_pdf_is_one_page_as_wide_as_asked_with_text_of_seven_points_and_its_fonts(
    shipped: Results, name: str, width: float
) -> None:
    pdf = figure_bytes(drawn(shipped, name, width).figure, "pdf")
    ((wide, high),) = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", pdf)
    assert float(wide) / 72 / MM == pytest.approx(width, abs=0.1)
    assert float(high) / 72 / MM <= A4
    streams = (match[1] for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL))
    pages = [page for page in map(_unpacked, streams) if b" Tf" in page]
    sizes = [float(size) for page in pages for size in re.findall(rb"([\d.]+) Tf", page)]
    assert min(sizes, default=0.0) >= 7 and not re.search(
        rb"[\d.]+ 0 0 [\d.]+ [\d.-]+ [\d.-]+ cm\s+BT", b"".join(pages)
    )
    assert pdf.count(b"/FontFile2") == pdf.count(b"/Type /FontDescriptor") > 0


def _unpacked(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return b""


@pytest.mark.parametrize("width", [85, 120, 170, 250])
@pytest.mark.parametrize("name", ["forest", "strata", "tiles", "flow", "by-histology", "adjusted", "swimmer"])
def test_a_figure_is_as_wide_as_asked_and_tidy(shipped: Results, name: str, width: float) -> None:
    figure = drawn(shipped, name, width).figure
    assert_tidy(figure)
    assert figure.get_size_inches()[0] == pytest.approx(width * MM)
    sizes = {text.get_fontsize() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()}
    assert all(float(size) >= 7 for size in sizes)


def test_columns_that_do_not_fit_are_refused_with_the_width_they_need(shipped: Results) -> None:
    options = ForestOptions(columns=("year", "age"))
    with set_as(Setting(51 * MM)), pytest.raises(WrongUse, match=r"--width: .* need \d+ mm"):
        made.forest_figure(shipped, POOLS, options)


def test_without_title_and_in_grey(shipped: Results) -> None:
    with set_as(Setting(title=False)):
        figure = made.forest_figure(shipped, POOLS)
    assert figure.title not in written(figure.figure) and "version" not in " ".join(written(figure.figure))
    in_grey(figure.figure)
    svg = figure_bytes(figure.figure, "svg").decode()
    colours = set(re.findall(r"#([0-9a-f]{6})\b", svg))
    assert colours and all(colour[:2] == colour[2:4] == colour[4:] for colour in colours)
    assert grey("#FFFFFF") == "#FFFFFF" and grey("#0072B2") == "#5E5E5E"


# ---------- letters ----------


def test_letters_of_any_script_stay_in_an_svg_and_are_told_of_else() -> None:
    labels = ("\u5f20 2020", "\u05db\u05d4\u05df 2020", "Made 2020 \U0001f996")
    rows = tuple(ForestRow("report", label, ("1/1",), 1.0, 0.025, 1.0, 1) for label in labels)
    figure = draw_forest(ForestTable("Made up", "Report", ("r/n",), rows))
    assert_tidy(figure)
    assert without_glyph(figure) == "\u5f20"
    svg = figure_bytes(figure, "svg").decode()
    assert ">\u5f20 2020</text>" in svg and ">\u05db\u05d4\u05df 2020</text>" in svg
    assert "whole-" not in svg and "\U0001f996" not in svg
    assert figure_bytes(figure, "png") and figure_bytes(figure, "pdf")


def test_letters_without_a_font_are_told_with_a_font_that_has_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = (ForestRow("report", "\u5f20 2020", ("1/1",), 1.0, 0.025, 1.0, 1),)
    figure = ReviewFigure("forest", "Made up", "", "", draw_forest(ForestTable("Made up", "Report", ("r/n",), rows)))
    monkeypatch.setattr("metaimt.figures.layout.font_with", lambda letters: "Made Up" if letters == "\u5f20" else "")
    _tell_letters(figure, "png")
    assert '\u5f20: a sign stands there. --font "Made Up" has them; an SVG' in capsys.readouterr().err
    monkeypatch.setattr("metaimt.figures.layout.font_with", lambda _: "")
    _tell_letters(figure, "pdf")
    assert "No installed font has all of them: install one" in capsys.readouterr().err
    _tell_letters(figure, "svg")
    assert capsys.readouterr().err == ""


def test_letters_of_a_font_that_is_installed_are_drawn() -> None:
    """The font asked for draws what it has, the usual one the rest, in the direction of the letters."""
    assert font_with("\U0010ffff") == ""
    font = font_with("\u5f20")
    if not font:
        pytest.skip("no font with Chinese letters is installed (apt-get install fonts-noto-cjk)")
    assert is_installed(font)
    labels = ("\u5f20 2020", "\u05db\u05d4\u05df 2020", "Made 2020")
    rows = tuple(ForestRow("report", label, ("1/1",), 1.0, 0.025, 1.0, 1) for label in labels)
    with set_as(Setting(font=font)):
        figure = draw_forest(ForestTable("Made up", "Report", ("r/n",), rows))
        assert_tidy(figure)
        assert without_glyph(figure) == ""
        assert set(labels) <= set(written(figure))
        pdf = figure_bytes(figure, "pdf")
    assert {name.replace(b"-", b"").lower() for name in re.findall(rb"/FontName /\w+\+([\w-]+)", pdf)} > {b"dejavusans"}


def test_another_font_is_in_the_file_and_changes_no_row(shipped: Results) -> None:
    usual = made.forest_figure(shipped, POOLS)
    with set_as(Setting(font="STIXGeneral")):
        figure = made.forest_figure(shipped, POOLS)
        assert_tidy(figure.figure)
        assert "font-family: 'STIXGeneral'" in figure_bytes(figure.figure, "svg").decode()
    assert FONT in figure_bytes(usual.figure, "svg").decode()
    assert figure.caption == usual.caption


def test_hostile_text_is_text_in_an_svg() -> None:
    row = ForestRow("report", '</text><script>x</script> & "', ("1/1",), 1.0, 0.025, 1.0, 1)
    svg = figure_bytes(draw_forest(ForestTable("Made up", "Report", ("r/n",), (row,))), "svg").decode()
    assert "<script" not in svg and "&lt;script&gt;" in svg


# ---------- no option touches a number ----------


def rate(row: ForestRow) -> tuple[float | None, float | None, float | None]:
    return row.estimate, row.lower, row.upper


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("columns", [("drug",), (), ("site", "drug", "year")])
def test_options_touch_no_estimate_and_no_count(
    shipped: Results, order: Order, form: SingleCases, columns: tuple[str, ...]
) -> None:
    usual = made.forest_table(shipped, POOLS)
    table = made.forest_table(shipped, POOLS, ForestOptions(columns, order, form))
    kept = ("summary", "prediction", "note")
    fixed, found = ([rate(row) for row in each.rows if row.kind in kept] for each in (usual, table))
    assert fixed == found
    every = {_key(row): row for row in made.forest_table(shipped, POOLS, ForestOptions()).rows if row.kind == "report"}
    for row in table.rows:
        if row.kind == "report":
            assert rate(row) == rate(every[_key(row)])
        elif row.kind == "cases" and row.counts is not None:
            units = row.counts.units
            assert row.columns[-2] == f"{sum(u.responders for u in units)}/{sum(u.evaluable for u in units)}"
            assert {unit.evaluable for unit in units} == {1} and len(units) == int(row.label.split()[0])
            assert len(row.tiles) == (len(units) if form == "tiles" else 0)


def _key(row: ForestRow) -> tuple[str, ...]:
    return row.counts.ids if row.counts is not None else ()


def test_the_order_asked_for(shipped: Results) -> None:
    for order in ORDERS:
        rows = made.forest_table(shipped, POOLS, ForestOptions(order=order)).rows
        trials = rows[1 : [row.kind for row in rows].index("summary")]
        years = [row.counts.units[0].year or 0 for row in trials if row.counts is not None]
        if order == "name":
            assert [row.label for row in trials] == sorted(row.label for row in trials)
            continue
        sizes, rates = [-(row.size or 0.0) for row in trials], [-(row.estimate or 0.0) for row in trials]
        told = {"weight": sizes, "rate": rates, "year": [float(year) for year in years]}[order]
        assert told == sorted(told) and len(set(told)) > 1, order


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pools", [POOLS, ("strict",), ("all_evidence",)])
def test_rows_add_up_to_the_subtotal_under_them(shipped: Results, pools: tuple[str, ...], form: SingleCases) -> None:
    inside: list[ForestRow] = []
    checked = 0
    for row in made.forest_table(shipped, pools, ForestOptions(single_cases=form)).rows:
        if row.kind == "heading":
            inside = []
        elif row.kind in ("report", "cases", "plain"):
            inside.append(row)
        elif row.kind == "summary" and row.pool and inside:
            members = {placed.unit.id for placed in shipped.selection.members(row.pool)}
            counts = [each.counts for each in inside if each.counts is not None]
            units = [unit for count in counts for unit in count.units if unit.id in members]
            assert row.counts is not None
            assert sum(unit.responders for unit in units) == row.counts.responders
            assert sum(unit.evaluable for unit in units) == row.counts.evaluable
            checked += 1
    assert checked >= 3


def test_weights_are_shares_of_the_information_and_add_up(shipped: Results) -> None:
    share = share_of_information(shipped, "all_evidence")
    group = shipped.response.pools["all_evidence"]
    assert share(group.counts.units) == pytest.approx(1)
    assert isinstance(group.orr, PooledProportion) and isinstance(group.orr.rho, RhoPosterior)
    rho = group.orr.rho.estimate
    told = {report: n / (1 + (n - 1) * rho) for report, _, n in group.clusters}
    for report, information in told.items():
        mine = [unit for unit in group.counts.units if unit.report == report]
        assert share(mine) == pytest.approx(information / sum(told.values()))
    assert share([]) is None
    rows = made.forest_table(shipped, POOLS).rows
    weights = [float(row.columns[-1].split()[0]) for row in rows if row.kind in ("report", "cases")]
    assert sum(weights) == pytest.approx(100, abs=0.05 * len(weights))


def test_one_pool_has_one_interval_wherever_it_stands(shipped: Results) -> None:
    for pool in POOLS:
        group = shipped.response.pools[pool]
        assert group.orr is not None
        expected = (group.orr.estimate, group.orr.lower, group.orr.upper)
        alone = reports_by_level(shipped.selection, shipped.protocol, pool, None)
        tables = [
            made.forest_table(shipped, (pool,)),
            made.forest_table(shipped, POOLS),
            made.forest_by_table(shipped, alone),
            made.strata_table(shipped, (pool,)),
            made.sensitivity_table(shipped, (pool,)),
            made.methods_table(shipped, (pool,)),
        ]
        for table in tables:
            summaries = [row for row in table.rows if row.kind == "summary"]
            assert expected in [rate(row) for row in summaries], table.title
        said = f"{100 * group.orr.lower:.1f} to {100 * group.orr.upper:.1f}"
        assert said in drawn(shipped, "forest").caption and said in drawn(shipped, "strata").caption
        (row,) = (row for row in pool_rows(shipped.response) if row["group"] == pool and not row["stratum"])
        assert (row["orr"], row["lower"], row["upper"]) == expected
        assert f"{100 * group.orr.lower:.1f} - {100 * group.orr.upper:.1f}" in repr(reports_section(shipped))


def test_the_caption_says_how_much_reports_differ(shipped: Results) -> None:
    caption = drawn(shipped, "forest").caption
    found = shipped.heterogeneity["strict"].rho
    assert isinstance(found, RhoPosterior)
    assert f"rho {found.estimate:.2f} [{found.lower:.2f} to {found.upper:.2f}]" in caption
    assert f"K = {shipped.response.pools['strict'].counts.reports} reports" in caption


@pytest.mark.parametrize("copies", [4, 22])
def test_many_reports_stay_on_one_page_and_none_is_lost(shipped: Results, copies: int) -> None:
    """150 and 1,000 reports: the same ones again and again, under names of their own."""
    many = _copied(shipped, copies)
    figure = made.forest_figure(many, POOLS)
    table = made.forest_table(many, POOLS)
    assert_tidy(figure.figure)
    assert figure.figure.get_size_inches()[1] <= A4 * MM
    units = [
        unit
        for row in table.rows
        if row.kind in ("report", "cases", "plain") and row.counts is not None
        for unit in row.counts.units
    ]
    members = [placed.unit for placed in many.selection.of_either(*POOLS) if placed.unit.evaluable]
    assert sorted(unit.id for unit in units) == sorted(unit.id for unit in members)
    assert re.search(r"Of \d+ rows of reports the largest \d+ are shown one by one", figure.caption)


@pytest.mark.parametrize(
    ("copies", "columns"), [(4, ("drug", "year")), pytest.param(22, ("drug",), marks=pytest.mark.slow)]
)
def test_a_row_for_each_of_many_reports_takes_pages_of_a4(
    shipped: Results, copies: int, columns: tuple[str, ...]
) -> None:
    """150 and 1,000 reports again: no row is lost or stands twice, and each page says what its columns are."""
    many, options = _copied(shipped, copies), ForestOptions(columns, every=True)
    with set_as(Setting(pages=True)):
        figure = made.forest_figure(many, POOLS, options)
    table = made.forest_table(many, POOLS, options)
    pages = [written(page) for page in figure.pages]
    pdf = pages_bytes(figure.pages, title=figure.title)
    boxes = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", pdf)
    assert len(boxes) == len(pages) > copies
    for wide, high in boxes:
        assert (float(wide) / 72 / MM, float(high) / 72 / MM) == pytest.approx((210, A4), abs=0.1)
    sizes = _type_sizes(pdf)
    assert sizes and min(sizes) >= 7
    for place, (page, texts) in enumerate(zip(figure.pages, pages, strict=True), start=1):
        assert_tidy(page)
        assert page.get_size_inches()[0] == pytest.approx(170 * MM)
        assert {"Report", "r/n", "Weight", "Area: number of patients"} <= set(texts)
        assert "Objective response rate (%)" in " ".join(texts)
        assert any(text.endswith(f"page {place} of {len(pages)}") for text in texts)
    assert "Pools" in pages[-1] and not any("Pools" in page for page in pages[:-1])
    units = [unit for row in table.rows if row.kind == "report" and row.counts is not None for unit in row.counts.units]
    members = [placed.unit for placed in many.selection.of_either(*POOLS) if placed.unit.evaluable]
    assert sorted(unit.id for unit in units) == sorted(unit.id for unit in members)
    rows = [row for row in table.rows if row.kind in ("report", "summary")]
    assert sum(name.endswith(("-box", "-diamond")) for page in figure.pages for name in marks(page)) == len(rows)
    counts = sorted(text for texts in pages for text in texts if re.fullmatch(r"\d+/\d+", text))
    assert counts == sorted(row.columns[-2] for row in rows)
    assert "shown one by one" not in figure.caption


def test_a_forest_of_one_page_stays_one(shipped: Results) -> None:
    alone = made.forest_figure(shipped, POOLS)
    with set_as(Setting(pages=True)):
        paged = made.forest_figure(shipped, POOLS)
    assert paged.further == alone.further == ()
    assert figure_bytes(paged.figure, "svg") == figure_bytes(alone.figure, "svg")


def _type_sizes(pdf: bytes) -> list[float]:
    streams = (match[1] for match in re.finditer(rb"stream\r?\n(.*?)\r?\nendstream", pdf, re.DOTALL))
    return [float(size) for page in map(_unpacked, streams) for size in re.findall(rb"([\d.]+) Tf", page)]


@pytest.mark.parametrize("name", ["evidence-map", "specification"])
def test_a_figure_is_no_wider_than_the_page(shipped: Results, name: str) -> None:
    for width in (None, 170.0):
        figure = drawn(shipped, name, width).figure
        assert_tidy(figure)
        assert figure.get_size_inches()[0] <= 170 * MM + 1e-9
        assert min(_type_sizes(figure_bytes(figure, "pdf"))) >= 7
    turned = drawn(shipped, "evidence-map", 125).figure
    assert_tidy(turned)
    upright = [found for found in turned.findobj(Text) if isinstance(found, Text) and found.get_rotation() == 90]
    assert "All" in {found.get_text() for found in upright} and len(upright) > 5


def _copied(results: Results, copies: int) -> Results:
    placed, reports = list(results.selection.placed), list(results.library.reports)
    for number in range(1, copies):
        for each in results.selection.placed:
            name = f"{each.unit.report}-{number}"
            placed.append(replace(each, unit=replace(each.unit, report=name, id=f"{each.unit.id}-{number}")))
        for file in results.library.reports:
            about = file.report.model_copy(update={"id": f"{file.report.id}-{number}"})
            reports.append(file.model_copy(update={"report": about}))
    selection = replace(results.selection, placed=tuple(placed))
    return replace(results, selection=selection, library=replace(results.library, reports=tuple(reports)))


def test_rates_below_one_per_cent_keep_their_digits() -> None:
    row = ForestRow("summary", "Made up", ("4/10000",), 0.0004, 0.0001, 0.001)
    said = written(draw_forest(ForestTable("Made up", "Report", ("r/n",), (row,), reference=0.0004)))
    assert "0.040 %" in said and "Pooled estimate, 0.040 %" in said


def test_a_single_case_row_is_no_box(shipped: Results) -> None:
    table = made.forest_table(shipped, POOLS)
    found = marks(draw_forest(table))
    for number, row in enumerate(table.rows):
        assert (f"row-{number}-cases" in found) == (row.kind == "cases")
        assert (f"row-{number}-box" in found) == (row.kind == "report")

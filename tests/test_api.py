"""What pandas users see: frames of a review, and pools of any counts. The review is made up, as are the counts."""

from __future__ import annotations

import pickle
import subprocess
import sys

import pandas as pd
import pytest
from conftest import FROZEN, MakeReview, arm, course, patient, report

import metaimt
from metaimt.problem import WrongUse


def test_the_verbs_are_shown_and_cost_nothing() -> None:
    code = "import metaimt, sys; print(*dir(metaimt)); print('pandas' in sys.modules, 'numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.splitlines()
    assert said == ["__version__ build check draw open pool read run", "False False"]
    assert all(getattr(metaimt, name).__doc__ for name in metaimt.__all__ if name != "__version__")


def test_a_review_is_two_frames_and_its_pools(make_review: MakeReview) -> None:
    two = patient(course("PR"), course("PD", drug="lorlatinib"), sex="female", status="alive")
    review = metaimt.open(make_review(report("one-2020", two), report("two-2020", arms=[arm(3, 5)])))
    cases = review.cases
    assert cases[["report", "patient", "arm", "course"]].fillna("").values.tolist() == [
        ["one-2020", "P1", 0, 1],
        ["one-2020", "P1", 0, 2],
        ["two-2020", "", 1, 0],
    ]
    assert list(cases["drug"]) == ["crizotinib", "lorlatinib", "crizotinib"]
    assert list(cases["response"].fillna("-")) == ["PR", "PD", "-"]
    assert cases["arm_status"][2] == {"ALK": "positive"}
    assert list(review.units["unit"]) == ["one-2020/P1", "one-2020/P1/course2", "two-2020/arm1"]
    assert list(review.members("later_lines")["unit"]) == ["one-2020/P1/course2"]
    headline = review.response.headline.orr
    assert headline is not None
    pooled = review.pool()
    assert (pooled.responders, pooled.evaluable, pooled.reports) == (4, 6, 2)
    assert pooled.rate.estimate == pytest.approx(headline.estimate, abs=1e-5)  # printed with six digits
    again = pooled.where(lambda rows: rows["sex"] == "female")
    assert (again.responders, again.evaluable) == (1, 1)
    assert review.pool(by="sex").to_frame().shape == (2, 4)
    with pytest.raises(WrongUse, match=r"no pool .* counts all .*members"):
        metaimt.pool(review.units)
    with pytest.raises(WrongUse, match="strikt"):
        review.pool("strikt")


def test_a_version_is_opened_from_any_folder_below(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FROZEN / "cases" / "literature")
    assert metaimt.open("2026.1").protocol.version == "2026.1"
    with pytest.raises(WrongUse, match=r"no version 1999\.1"):
        metaimt.open("1999.1")


def test_rows_of_one_report_are_one_cluster() -> None:
    frame = pd.DataFrame(
        {"report": ["a", "a", "b", "c"], "x": [1, 0, 2, 0], "n": [1, 1, 3, 0], "site": ["u", "v", "u", None]}
    )
    pooled = metaimt.pool(frame)
    assert pooled.to_frame().to_dict("list") == {"report": ["a", "b"], "x": [1, 2], "n": [2, 3]}
    assert pooled.not_evaluable == 1
    assert "Rows of nobody evaluable: 1" in str(pooled)
    alone = pooled.where(frame["report"] == "a")
    assert (alone.rate.lower, alone.rate.upper) == pytest.approx((0.0126, 0.9874), abs=1e-4)  # Clopper-Pearson, 1/2
    assert metaimt.pool(frame, by="site").to_frame()["site"].tolist() == ["u", "v", "u"]
    plot = pooled.plot()
    assert plot._repr_svg_().startswith("<?xml")  # type: ignore[attr-defined]  # what Jupyter asks for
    assert pickle.loads(pickle.dumps(plot)).get_size_inches()[0] > 1  # noqa: S301 - our own
    with pytest.raises(WrongUse, match="nobody evaluable"):
        pooled.where(frame["report"] == "c")


def test_text_of_a_file_is_text_in_a_notebook() -> None:
    said = metaimt.pool([1, 2], [2, 3], report=["<script>", "\u202eb"], name="<b>")._repr_html_()
    assert "<script>" not in said
    assert "<b>" not in said
    assert "\u202e" not in said


@pytest.mark.parametrize(
    ("x", "n", "said"),
    [
        ([3], [2], "3 of 2"),
        ([-1], [2], "no count"),
        ([1.5], [2], "no count"),
        ([float("nan")], [2], "no count"),
        ([True, 1], [2], "one length"),
        ([], [], "nobody evaluable"),
        (["1"], [2], "no count"),
    ],
)
def test_counts_that_are_none_are_refused(x: list[int], n: list[int], said: str) -> None:
    with pytest.raises(WrongUse, match=said):
        metaimt.pool(x, n)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(WrongUse, match="no column n or evaluable"):
        metaimt.pool(pd.DataFrame({"report": ["a"], "x": [1]}))
    with pytest.raises(WrongUse, match="no column 'site'"):
        metaimt.pool(pd.DataFrame({"report": ["a"], "x": [1], "n": [2]}), by="site")

"""The page: whole in itself, every trade marked, words escaped, lines thinned without losing a peak."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np

from backtest.history import history_of
from backtest.report.charts import MOST_POINTS, round_levels, thinned
from backtest.report.page import report_page
from backtest.run import run
from backtest.setup import Change
from tests.support.backtests import flat_target, random_history, same_close, weekdays
from tests.support.ten_policies import PLAIN, TEN, points


def page(name: str = "as it comes: 5/25 bands, rest, backstop, whole shares") -> str:
    history = random_history(900, ("A", "B", "C"), seed=5, volatility=0.015)
    return report_page(run(TEN[name], history, same_close()), "A <b> & C")


class Balanced(HTMLParser):
    """Fails on a tag that is closed and not open."""

    VOID = frozenset({"meta", "polyline", "line"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        assert tag in {"polyline", "polygon", "line", "rect"}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_needs_no_network_and_no_script() -> None:
    text = page()
    assert not re.search(r"https?://|<script|@import|url\(|<img|<link", text)
    assert 'name="viewport"' in text


def test_every_tag_is_closed_and_every_name_is_escaped() -> None:
    parser = Balanced()
    text = page()
    parser.feed(text.removeprefix("<!doctype html>"))
    assert [tag for tag in parser.open if tag != "p"] == []
    assert "<title>A &lt;b&gt; &amp; C</title>" in text


def test_each_order_is_marked_on_the_line_of_its_slice() -> None:
    history = random_history(900, ("A", "B", "C"), seed=5, volatility=0.015)
    result = run(TEN["five points, fractional"], history, same_close())
    marks = re.findall(r'<i class="mark (?:buy|sell)[^"]*" style="left', report_page(result))
    assert len(marks) == len(result.orders) > 10


def test_a_long_line_is_thinned_and_keeps_its_highest_and_lowest_points() -> None:
    line = np.random.default_rng(1).normal(size=20_000)
    rows, values = thinned(line)
    assert len(rows) <= MOST_POINTS + 2
    assert (values.max(), values.min()) == (line.max(), line.min())
    assert values.tolist() == line[rows].tolist()


def test_levels_are_round_and_hold_what_they_scale() -> None:
    assert round_levels(97_312, 527_893, 6) == (600_000, 400_000, 200_000, 0)
    assert round_levels(-0.317, 0.0) == (0, -0.1, -0.2, -0.3, -0.4)


def test_a_target_that_changes_is_drawn_as_a_line_inside_a_band_that_moves_with_it() -> None:
    days = weekdays(5)
    history = history_of(days, ("A", "B"), np.full((5, 2), 100.0))
    first, then = (
        replace(PLAIN, target=flat_target({"A": a, "B": b}), default_band=points("0.05"))
        for a, b in (("0.5", "0.5"), ("0.7", "0.3"))
    )
    setup = replace(same_close("1000"), changes=(Change(day=days[2], policy=then),))
    text = report_page(run(first, history, setup))
    chart = text.partition("<figcaption>a, target 50.0 % to 70.0 %</figcaption>")[2]
    figure = chart.partition("</figure>")[0]
    # 45 % to 75 % are held by levels at 80, 70, 60, 50 and 40 %: 50 % is at 3/4 of 300, 70 % at 1/4.
    assert '<polyline class="target" points="0.0,225.0 250.0,225.0 500.0,75.0 750.0,75.0' in figure
    ribbon = re.search(r'<polygon class="band" points="([^"]+)"/>', figure)
    assert ribbon is not None
    corners = ribbon.group(1).split()
    assert corners[0] == "0.0,187.5"  # 55 %, five points above the first target
    assert corners[2] == "500.0,37.5"  # 75 %, five points above the second
    assert corners[-1] == "0.0,262.5"  # 45 %, and back to where it began
    assert '<rect class="band"' not in figure
    assert "<td>50.0 % to 70.0 %</td>" in text


def test_a_target_that_stays_is_one_level_and_one_even_band() -> None:
    text = page()
    assert "<polygon" not in text
    assert '<polyline class="target"' not in text
    assert '<rect class="band"' in text

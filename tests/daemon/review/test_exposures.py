"""The review by sector, region and issuer, and what is valued by hand, from a real journal."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.holdings import HandValued
from daemon.answers.standing import standing
from daemon.observe import observe
from daemon.review.exposures import exposures_of, looked_up_long_ago, too_much
from daemon.review.letter import written
from daemon.review.page import review_page
from daemon.review.review import review
from daemon.screens.review import review_screen
from daemon.screens.status import status_screen
from daemon.screens.style import console
from daemon.targets.valuations import valuations_of
from policies.concentration import ConcentrationRule
from policies.policy import Policy
from portfolio.composition import Composition
from portfolio.money import Money, exact_arithmetic
from tests.support.house import Rig, build_rig, table
from tests.support.stories import DAYS, sixty_forty

d = Decimal
MADE_OF = Composition(
    parts={
        "class": {"STK": {"equity": d(1)}, "BND": {"bond": d(1)}, "Pension": {"bond": d(1)}},
        "sector": {"STK": {"Technology": d("0.5"), "Energy": d("0.3")}},
        "region": {"STK": {"United States": d(1)}, "Pension": {"Europe": d(1)}},
        "issuer": {"STK": {"Apple": d("0.1")}},
    },
    as_of={"STK": date(2024, 12, 31)},
)
PENSION = HandValued(name="Pension", value=Money(d(25_000)), as_of=date(2025, 2, 1))
HOUSE = HandValued(name="House", value=Money(d(300_000)), as_of=date(2026, 2, 1))


def looked(folder: Path) -> Rig:
    """60,000 of stocks and 15,000 of bonds, a pension of 25,000 beside the bonds, and a house."""
    rig = build_rig(
        folder,
        table(DAYS, STK=["100"] * 12, BND=["100"] * 12),
        Policy(target=sixty_forty(), composition=MADE_OF, counts={"Pension": {"bonds": d(1)}}),
        positions={"STK": "600", "BND": "150"},
        costs={"STK": "100", "BND": "100"},
    )
    rig.house.by_hand = valuations_of((PENSION, HOUSE))
    rig.look(DAYS[0])
    return rig


def test_the_review_shows_every_exposure_with_what_counts_by_hand(tmp_path: Path) -> None:
    # of 100,000: 60,000 in the fund, 15,000 of bonds, the pension of 25,000; the house is only shown
    found = review(looked(tmp_path).journal).spread
    shares = found.exposures
    assert shares["class"] == pytest.approx({"equity": 0.6, "bond": 0.4, "cash": 0.0})
    assert shares["sector"] == pytest.approx(
        {"bond": 0.4, "Technology": 0.3, "Energy": 0.18, "not known": 0.12, "cash": 0.0}
    )
    assert shares["region"] == pytest.approx(
        {"United States": 0.6, "Europe": 0.25, "not known": 0.15, "cash": 0.0}
    )
    assert shares["issuer"] == pytest.approx({"Apple": 0.06})


def test_what_is_valued_by_hand_counts_to_its_slice_and_not_to_the_value(tmp_path: Path) -> None:
    found = review(looked(tmp_path).journal)
    assert found.equity == 75_000
    assert found.managed == 100_000
    weights = {view.name: view.before for view in found.slices}
    assert (weights["stocks"], weights["bonds"]) == (d("0.6"), d("0.4"))
    assert [one.name for one in found.by_hand] == ["Pension", "House"]
    assert found.by_hand[0].is_old
    assert "counts to bonds" in found.by_hand[0].words
    assert found.by_hand[1].words.endswith("counts to no slice, only shown")


def test_the_pages_the_letter_and_the_status_name_what_is_valued_by_hand(tmp_path: Path) -> None:
    rig = looked(tmp_path)
    found = review(rig.journal)
    page = review_page(found)
    assert "Valued by hand, never traded" in page
    assert "<h2>By issuer</h2>" in page
    screen = console()
    with screen.capture() as shown:
        screen.print(review_screen(found, columns=100))
        screen.print(status_screen(standing(rig.journal, tmp_path), columns=100))
    text = " ".join(shown.get().split())
    assert "by region" in text
    assert "By hand, never traded: Pension: 25,000.00" in text
    assert "value it again" in text
    letter = written(rig.journal, found.period)
    assert letter is not None
    assert any(line.startswith("By hand: Pension, valued") for line in letter.lines)


def test_warnings_name_sectors_issuers_and_what_was_looked_up_long_ago(tmp_path: Path) -> None:
    warnings = review(looked(tmp_path).journal).spread.warnings
    assert any("what STK holds was looked up long ago" in said for said in warnings)
    rule = ConcentrationRule(max_issuer=d("0.05"), max_sector=d("0.25"))
    shares = {
        "sector": {"bond": 0.4, "Technology": 0.3, "not known": 0.3},
        "issuer": {"Apple": 0.06},
    }
    assert list(too_much(shares, rule)) == [
        "sector Technology is 30.0% of everything, above 25%",
        "issuer Apple is 6.0% of everything, above 5%",
    ]


def test_the_warnings_can_be_said_where_floats_and_decimals_do_not_mix(tmp_path: Path) -> None:
    with exact_arithmetic():  # as in the daemon, where the monthly letter is written
        assert review(looked(tmp_path).journal).spread.warnings
        assert list(too_much({"issuer": {"Apple": 0.06}}, ConcentrationRule(max_issuer=d("0.05"))))


def test_a_figure_of_400_days_is_not_old_yet() -> None:
    made_of = replace(MADE_OF, as_of={"STK": date(2025, 1, 1)})
    assert list(looked_up_long_ago({"STK": 1.0}, made_of, date(2026, 2, 5))) == []
    assert len(list(looked_up_long_ago({"STK": 1.0}, made_of, date(2026, 2, 6)))) == 1


def test_without_composition_only_classes_are_shown(tmp_path: Path) -> None:
    seen = observe(looked(tmp_path).house)
    assert set(exposures_of({"STK": 1.0}, seen, Policy(target=sixty_forty()))) == {"class"}

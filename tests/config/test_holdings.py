"""Holdings valued by hand, look-through, the floor of cash and limits by issuer and sector, as text."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from config.look_through import NoLookThrough, rows_of, starter_rows
from config.problems import ConfigurationError
from config.read import settings_from
from config.settings import Settings
from policies.cash_floor import CashFloor
from portfolio.composition import Dimension
from portfolio.money import Money, Weight
from tests.support.configurations import SMALLEST, changed, refused, settings

HEAD = "symbol,dimension,name,share_percent,as_of,source\n"
WITH_CASH = changed(
    'name = "bonds"\nweight_percent = 40\nsymbol = "BND"',
    'name = "bonds"\nweight_percent = 35\nsymbol = "BND"\n\n'
    '[[slices]]\nname = "reserve"\nweight_percent = 5\ncash = true\n',
)
HOUSE = '[[holdings]]\nname = "House"\nvalue_usd = 400_000\nas_of = 2026-01-31\n'


def with_files(folder: Path, text: str, **files: str) -> Settings:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return settings_from(text, file=folder / "core.toml")


def problems(folder: Path, text: str, **files: str) -> str:
    with pytest.raises(ConfigurationError) as refusal:
        with_files(folder, text, **files)
    return str(refusal.value)


def test_a_holding_valued_by_hand_counts_to_the_slices_it_names() -> None:
    read = settings(SMALLEST + HOUSE + "counts_percent = { stocks = 60, bonds = 30 }\n")
    assert read.policy.counts == {"House": {"stocks": Decimal("0.6"), "bonds": Decimal("0.3")}}
    (house,) = read.holdings
    assert (house.value, house.as_of, house.max_age_days) == (400_000, date(2026, 1, 31), 365)


def test_a_holding_that_names_no_slice_is_only_shown() -> None:
    assert settings(SMALLEST + HOUSE).policy.counts == {}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (HOUSE + 'counts_to = "land"\n', 'holdings[1].counts_to: "land" is no slice with a symbol'),
        (HOUSE + 'counts_to = "cash"\n', 'holdings[1].counts_to: "cash" is no slice with a symbol'),
        (HOUSE.replace("as_of = 2026-01-31\n", ""), "holdings[1].as_of: the value has no date"),
        ('[[holdings]]\nname = "House"\n', "holdings[1]: it has no value"),
        (HOUSE + 'file = "values.csv"\n', "holdings[1]: it has a value and a file of values"),
        (HOUSE + HOUSE, '"House" is the name of a holding already'),
        (HOUSE.replace("House", "VTI"), '"VTI" is the name of a symbol of a slice already'),
        (
            HOUSE + "counts_percent = { stocks = 60, bonds = 50 }\n",
            "holdings[1].counts_percent: the shares sum to 110 %",
        ),
        (
            HOUSE + 'counts_to = "bonds"\ncounts_percent = { stocks = 60 }\n',
            "holdings[1]: it has counts_to and counts_percent",
        ),
    ],
)
def test_a_holding_that_does_not_fit_is_refused_with_what_to_write(lines: str, said: str) -> None:
    assert any(said in line for line in refused(SMALLEST + lines)), refused(SMALLEST + lines)


def test_a_file_of_values_must_have_one_of_the_holding(tmp_path: Path) -> None:
    text = SMALLEST + '[[holdings]]\nname = "House"\nfile = "values.csv"\n'
    assert "there is no such file" in problems(tmp_path, text)
    assert 'no value of "House"' in problems(
        tmp_path, text, values="name,as_of,value_usd\nBoat,2026-01-31,9000\n"
    )
    assert "values.csv line 2: 'House,2026-01-31,-1'" in problems(
        tmp_path, text, values="name,as_of,value_usd\nHouse,2026-01-31,-1\n"
    )
    good = with_files(tmp_path, text, values="name,as_of,value_usd\nHouse,2026-01-31,400000\n")
    assert good.holdings[0].file == tmp_path / "values.csv"


def test_the_floor_of_cash_is_the_larger_of_money_and_months_of_spending() -> None:
    lines = "floor_usd = 20_000\nfloor_spending_months = 6\nmonthly_spending_usd = 4_000\n"
    floor = settings(changed("cash = true\n", f"cash = true\n{lines}", WITH_CASH)).policy.cash_floor
    assert floor == CashFloor(
        usd=Money(Decimal(20_000)),
        spending_months=Weight(Decimal(6)),
        monthly_spending=Money(Decimal(4_000)),
    )
    assert floor.amount == 24_000


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('symbol = "VTI"', 'symbol = "VTI"\nfloor_usd = 5', 'slice "stocks" is not cash'),
        ("cash = true", "cash = true\nfloor_spending_months = 6", "months of spending need both"),
        ("cash = true", "cash = true\nmonthly_spending_usd = 4000", "months of spending need both"),
    ],
)
def test_a_floor_that_does_not_fit_is_refused(old: str, new: str, said: str) -> None:
    assert any(said in line for line in refused(changed(old, new, WITH_CASH)))


def test_the_users_word_wins_over_the_file_the_slice_and_the_shipped_table(tmp_path: Path) -> None:
    text = changed('symbol = "VTI"', 'symbol = "VTI"\nasset_class = "equity"') + (
        '[look_through]\nfile = "own.csv"\n'
        '[[instruments]]\nsymbol = "BND"\nasset_class = "cash"\nregion = "Nowhere"\n'
    )
    own = (
        HEAD + "VTI,class,equity,99.5,2026-09-30,its page\nBND,class,bond,100,2026-09-30,its page\n"
    )
    made_of = with_files(tmp_path, text, own=own).policy.composition
    classes = made_of.by(Dimension.CLASS)
    assert classes["VTI"] == {"equity": Decimal("0.995")}
    assert classes["BND"] == {"cash": 1}
    assert made_of.by(Dimension.REGION)["BND"] == {"Nowhere": 1}
    assert made_of.as_of["VTI"] == date(2026, 9, 30)


def test_limits_look_through_funds_only_where_it_is_asked_for(tmp_path: Path) -> None:
    text = SMALLEST + '[look_through]\nfile = "own.csv"\nstarter = false\n'
    own = HEAD + "VTI,sector,Technology,31.5,2026-09-30,its page\n"
    both = with_files(tmp_path, text, own=own)
    sectors = {"VTI": {"Technology": Decimal("0.315")}}
    assert both.policy.composition.by(Dimension.SECTOR) == sectors
    assert both.limits.concentration.composition.by(Dimension.SECTOR) == sectors
    review = with_files(tmp_path, text + 'use_in = ["review"]\n', own=own)
    assert review.policy.composition.by(Dimension.SECTOR) == sectors
    assert review.limits.concentration.composition.by(Dimension.SECTOR) == {}


def test_a_mixed_fund_in_no_slice_counts_to_the_slices_of_its_classes_when_asked(
    tmp_path: Path,
) -> None:
    text = changed('symbol = "VTI"', 'symbol = "VTI"\nasset_class = "equity"')
    text = changed('symbol = "BND"', 'symbol = "BND"\nasset_class = "bond"', text)
    text += '[look_through]\nfile = "own.csv"\nstarter = false\n'
    own = HEAD + "MIX,class,equity,60,2026-09-30,its page\nMIX,class,bond,38,2026-09-30,its page\n"
    assert with_files(tmp_path, text, own=own).policy.counts == {}
    counts = with_files(tmp_path, text + 'use_in = ["drift"]\n', own=own).policy.counts
    assert counts == {"MIX": {"stocks": Decimal("0.6"), "bonds": Decimal("0.38")}}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("VTI,class,shares,60,2026-09-30,page", "'shares' is no asset class"),
        ("VTI,colour,blue,60,2026-09-30,page", "'colour' with 60 % is no share"),
        ("VTI,sector,Energy,160,2026-09-30,page", "'sector' with 160 % is no share"),
        ("VTI,sector,Energy,60,September,page", "is no number and date"),
        ("VTI,sector,Energy,60,2026-09-30,", "leaves a symbol, name or source empty"),
        ("VTI,sector,Energy,60", "has 4 cells"),
        ("VTI,sector,A,60,2026-09-30,page\nVTI,sector,B,41,2026-09-30,page", "more than 100 %"),
        ("VTI,sector,A,6,2026-09-30,page\nVTI,sector,A,4,2026-09-30,page", "'A' twice"),
    ],
)
def test_a_look_through_that_says_too_much_or_too_little_is_refused(line: str, said: str) -> None:
    with pytest.raises(NoLookThrough, match=said):
        rows_of(HEAD + line + "\n")


def test_the_shipped_table_names_a_source_and_a_day_for_each_figure() -> None:
    rows = starter_rows()
    assert len({row.symbol for row in rows}) >= 30
    assert all(row.source and date(2015, 1, 1) < row.as_of < date(2027, 1, 1) for row in rows)
    assert {row.dimension for row in rows} >= {Dimension.CLASS, Dimension.REGION}


def test_limits_by_issuer_and_sector_are_off_until_they_are_written() -> None:
    rule = settings().limits.concentration
    assert (rule.max_issuer, rule.max_sector, rule.warn_sector) == (None, None, Decimal("0.35"))
    text = SMALLEST + "[limits]\nmax_issuer_percent = 15\nmax_sector_percent = 30\n"
    rule = settings(text).limits.concentration
    assert (rule.max_issuer, rule.max_sector) == (Decimal("0.15"), Decimal("0.3"))

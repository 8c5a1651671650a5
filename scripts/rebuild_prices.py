"""Rebuild the price files in `brokers/simulated/data/` from zipline-reloaded's market data.

    pip download --no-deps zipline-reloaded
    python scripts/rebuild_prices.py zipline_reloaded-*.whl

The argument is the wheel or a folder into which it was unpacked. Everything is computed in Decimal
with a fixed precision, so that the same wheel gives the same bytes on every machine.
"""

import csv
import hashlib
import io
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from itertools import pairwise
from pathlib import Path

DATA = Path(__file__).parent.parent / "brokers" / "simulated" / "data"
PRICES = "us_stocks_treasuries.csv"
BILLS = "us_bills.csv"
SOURCES = "SOURCES.md"

STOCK_RETURNS = "zipline/resources/market_data/SPY_benchmark.csv"
YIELD_CURVES = "zipline/resources/market_data/treasury_curves.csv"

START_LEVEL = Decimal(100)
LEVEL_STEP = Decimal("0.0001")
RATE_STEP = Decimal("0.01")
COUPONS = 20  # ten years, two a year
DAYS_OF_A_YEAR = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Yields:
    """One day's par yields as fractions a year: 0.04 is 4 % (bond-equivalent)."""

    ten_year: Decimal
    three_month: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One session: two index levels, and the bill rate in percent a year that it saw."""

    session: date
    stocks: Decimal
    treasuries: Decimal
    bill_rate_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All sessions in order, and those among them whose yields were carried forward."""

    rows: Sequence[Row]
    carried: Sequence[date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the package ships, as text, and which version of it."""

    version: str
    stock_returns: str
    yield_curves: str


def treasury_return(before: Decimal, after: Decimal, days: int) -> Decimal:
    """Return over `days` calendar days of a constant-maturity ten-year Treasury, as a fraction.

    At the earlier date a ten-year bond is bought at par, so its coupon equals the par yield
    `before` (y0), paid half-yearly. At the later date it is priced at the par yield `after` (y1),
    still as a bond of ten years, and the carry of the days between is added:

        return = [ sum over k = 1..20 of (y0 / 2) / (1 + y1 / 2)^k + 1 / (1 + y1 / 2)^20 ] - 1
                 + y0 * days / 365

    Both yields are fractions a year, compounded half-yearly (bond-equivalent, as the Treasury
    quotes them). This is the usual construction, with the bond priced exactly where L. Swinkels,
    "Treasury Bond Return Data Starting in 1962", Data 4(3), 2019, takes duration and convexity.
    The roll down the curve within the days is neglected, as it is there.
    """
    discount = 1 / (1 + after / 2)
    coupons = sum((before / 2 * discount**k for k in range(1, COUPONS + 1)), start=Decimal(0))
    return coupons + discount**COUPONS - 1 + before * days / DAYS_OF_A_YEAR


def rebuild(returns: Mapping[date, Decimal], yields: Mapping[date, Yields]) -> History:
    """Chain returns and yields into index levels over the sessions that both cover.

    Both indices stand at 100 on the last day with a yield before the first stock return: that
    return was earned from there. The history ends with the last yield. A session without a yield
    takes the one before it; a yield on a day without a session is left unused.
    """
    first = min(returns)
    base = max(day for day in yields if day < first)
    sessions = [base, *(day for day in sorted(returns) if day <= max(yields))]
    seen = yields[base]
    rows = [_row(base, START_LEVEL, START_LEVEL, seen)]
    carried = []
    stocks = treasuries = START_LEVEL
    for earlier, session in pairwise(sessions):
        now = yields.get(session)
        if now is None:
            carried.append(session)
            now = seen
        days = (session - earlier).days
        stocks *= 1 + returns[session]
        treasuries *= 1 + treasury_return(seen.ten_year, now.ten_year, days)
        rows.append(_row(session, stocks, treasuries, now))
        seen = now
    return History(rows=rows, carried=carried)


def _row(session: date, stocks: Decimal, treasuries: Decimal, yields: Yields) -> Row:
    return Row(
        session=session,
        stocks=stocks.quantize(LEVEL_STEP),
        treasuries=treasuries.quantize(LEVEL_STEP),
        bill_rate_percent=(yields.three_month * 100).quantize(RATE_STEP),
    )


def read_returns(text: str) -> dict[date, Decimal]:
    """Daily returns as fractions by session, from the package's CSV."""
    return {_day(row["date"]): Decimal(row["return"]) for row in csv.DictReader(io.StringIO(text))}


def read_yields(text: str) -> dict[date, Yields]:
    """Par yields by day, from the package's CSV; a day without both is left out."""
    return {
        _day(row["Time Period"]): Yields(
            ten_year=Decimal(row["10year"]), three_month=Decimal(row["3month"])
        )
        for row in csv.DictReader(io.StringIO(text))
        if row["10year"] and row["3month"]
    }


def _day(stamp: str) -> date:
    """The package writes midnight UTC: `1993-02-01 00:00:00+00:00`."""
    return date.fromisoformat(stamp[:10])


def read_source(place: Path) -> Source:
    """The two CSVs and the version, from the wheel or from a folder with its content."""
    root = place if place.is_dir() else zipfile.Path(place)
    infos = [entry for entry in root.iterdir() if entry.name.endswith(".dist-info")]
    if len(infos) != 1:
        sys.exit(f"{place} is no wheel of zipline-reloaded, nor a folder with the content of one")
    metadata = (infos[0] / "METADATA").read_text(encoding="utf-8").splitlines()
    version = next(line for line in metadata if line.startswith("Version: "))
    return Source(
        version=version.removeprefix("Version: "),
        stock_returns=(root / STOCK_RETURNS).read_text(encoding="utf-8"),
        yield_curves=(root / YIELD_CURVES).read_text(encoding="utf-8"),
    )


def prices_csv(history: History) -> str:
    """The index levels as a wide CSV."""
    lines = [f"{row.session},{row.stocks},{row.treasuries}" for row in history.rows]
    return "\n".join(["date,US_STOCKS,US_TREASURIES_10Y", *lines, ""])


def bills_csv(history: History) -> str:
    """The three-month bill rate in percent a year, by session."""
    lines = [f"{row.session},{row.bill_rate_percent}" for row in history.rows]
    return "\n".join(["date,bill_rate_percent", *lines, ""])


def sources_md(source: Source, history: History, files: Mapping[str, str]) -> str:
    """The page beside the data: where it comes from, what it is not, and how to check it."""
    rows = history.rows
    zeros = sum(row.bill_rate_percent == 0 for row in rows)
    table = "\n".join(
        f"| `{name}` | {len(rows):,} | `{hashlib.sha256(text.encode()).hexdigest()}` |"
        for name, text in files.items()
    )
    return SOURCES_PAGE.format(
        version=source.version,
        first=rows[0].session,
        last=rows[-1].session,
        carried=len(history.carried),
        carried_first=history.carried[0] if history.carried else "none",
        carried_last=history.carried[-1] if history.carried else "none",
        zeros=zeros,
        table=table,
    )


SOURCES_PAGE = """\
# Where these prices come from

Written by `scripts/rebuild_prices.py`; edit that instead. From {first} to {last}, per session:

| file | sessions | sha256 |
|---|---|---|
{table}

**These are index proxies, not investable prices.** Nobody could buy or sell at these levels: there
are no spreads, fees, fund costs or taxes in them, and the bond is rebuilt from yields, not traded.
They show how a policy behaves in real markets; they are no record of what anyone would have earned.

## Source

The Python package zipline-reloaded {version}, Apache License 2.0: `SPY_benchmark.csv` and
`treasury_curves.csv` in `zipline/resources/market_data/` of its wheel. The package does not say where
they were taken from. The documentation of the loader in Quantopian's zipline, from which the package
descends, names IEX Trading (before that Google and Yahoo Finance) for the daily returns of the fund
SPY, and the Federal Reserve (`www.federalreserve.gov`) for the daily Treasury par yields, which that
board publishes as the constant-maturity series of its release H.15.

## Columns

- `US_STOCKS`: the daily returns of SPY, chained, 100 on {first}.
- `US_TREASURIES_10Y`: total return of a constant-maturity ten-year Treasury, 100 on {first}: each
  session a par bond is bought at the yield of the session before, priced at today's, and the carry of
  the calendar days between is added. Formula and reference: `treasury_return` in the script.
- `bill_rate_percent`: the three-month Treasury yield in percent a year, for cash. {zeros} sessions
  have a rate of exactly 0; that is real.

## Known flaws, kept as published

- {carried} sessions lack a yield, because the bond market keeps holidays that the exchange does not
  (first {carried_first}, last {carried_last}). The yield before is carried forward and the change
  falls on the next session. Yields of days on which the exchange was closed are left unused.
- The stock returns change their nature. Checked against closes and dividends of SPY from another
  source (July 2002 on): on ex-dividend days they are *price* returns up to March 2013 and *total*
  returns from June 2013 on. So the level leaves out somewhat under 2 % a year of dividends in the
  first twenty years.
- One session is plainly wrong: 2008-12-15 is +1.19 % and was -1.39 % by the closes. Some tens of
  others differ by 0.1 to 1.3 points, the largest around 2009-08-11, 2011-10-27, 2012-06-15 and
  2014-06-19; those are mostly undone by the session after.
"""


def main(arguments: Sequence[str]) -> None:
    """Read the wheel or folder named on the command line and write the three files."""
    if len(arguments) != 1:
        sys.exit("usage: python scripts/rebuild_prices.py WHEEL_OR_FOLDER")
    source = read_source(Path(arguments[0]))
    with localcontext(Context(prec=28, rounding=ROUND_HALF_EVEN)):
        history = rebuild(read_returns(source.stock_returns), read_yields(source.yield_curves))
    files = {PRICES: prices_csv(history), BILLS: bills_csv(history)}
    DATA.mkdir(parents=True, exist_ok=True)
    for name, text in (files | {SOURCES: sources_md(source, history, files)}).items():
        (DATA / name).write_text(text, encoding="utf-8")
    print(f"{len(history.rows)} sessions, {history.rows[0].session} to {history.rows[-1].session}")
    print(f"{len(history.carried)} of them lack a yield; the one before was carried forward")


if __name__ == "__main__":
    main(sys.argv[1:])

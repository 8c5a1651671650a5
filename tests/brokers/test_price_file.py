"""Price files: what is read exactly, and what is refused with file, line and column."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokers.simulated import price_file
from brokers.simulated.price_file import (
    PriceFileError,
    price_table,
    read_bill_rates,
    read_prices,
    require_symbols,
)

GOOD = "date,VTI,BND\n2024-03-04,100.10,50\n2024-03-05,101.0000000001,49.5\n"
DATA = Path(price_file.__file__).parent / "data"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "prices.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(folder: Path, content: str | bytes) -> str:
    path = written(folder, content)
    with pytest.raises(PriceFileError) as caught:
        read_prices(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


# What is read


def test_prices_are_read_digit_for_digit(tmp_path: Path) -> None:
    table = read_prices(written(tmp_path, GOOD))
    assert table.symbols == ("VTI", "BND")
    assert table.sessions == (date(2024, 3, 4), date(2024, 3, 5))
    assert table.price("VTI", 1) == Decimal("101.0000000001")
    assert table.price("BND", 0) == Decimal(50)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.replace(",", " , "),
        lambda text: text.replace("date", "Date"),
        lambda text: text + "\n\n",
        lambda text: text.replace("49.5", '"49.5"'),
        lambda text: text.replace("49.5", "4.95e1"),
    ],
    ids=["bom", "crlf", "cr", "spaces", "capital", "blank lines", "quotes", "exponent"],
)
def test_what_spreadsheets_do_to_a_file_is_harmless(tmp_path: Path, change: object) -> None:
    assert callable(change)
    plain = read_prices(written(tmp_path, GOOD))
    assert read_prices(written(tmp_path, change(GOOD))) == plain


def test_a_day_between_sessions_finds_the_one_before_and_the_one_after(tmp_path: Path) -> None:
    table = read_prices(written(tmp_path, "date,A\n2024-03-04,1\n2024-03-08,2\n"))
    assert table.position_at_or_before(date(2024, 3, 6)) == 0
    assert table.position_at_or_after(date(2024, 3, 6)) == 1
    assert table.position_at_or_before(date(2024, 3, 8)) == 1
    assert table.position_at_or_before(date(2024, 3, 3)) is None
    assert table.position_at_or_after(date(2024, 3, 9)) is None


def test_the_shipped_files_are_read() -> None:
    table = read_prices(DATA / "us_stocks_treasuries.csv")
    assert len(table.sessions) == 6086
    rates = read_bill_rates(DATA / "us_bills.csv")
    assert rates.on(date(1993, 1, 30)) == Decimal("2.96")  # a Saturday: Friday's rate
    assert rates.on(date(1993, 1, 1)) is None


# What is refused


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("04.03.2024,1,2", ", line 4, column date: '04.03.2024' is not a date"),
        ("20240306,1,2", ", line 4, column date: '20240306' is not a date"),
        ("2024-02-30,1,2", ", line 4, column date: '2024-02-30' is not a date"),
        ("2024-03-05,1,2", ", line 4, column date: 2024-03-05 is there twice"),
        ("2024-03-01,1,2", ", line 4, column date: 2024-03-01 comes after 2024-03-05"),
        ("2024-03-06,0,2", ", line 4, column VTI: 0 is not a price"),
        ("2024-03-06,1,-2.5", ", line 4, column BND: -2.5 is not a price"),
        ("2024-03-06,NaN,2", ", line 4, column VTI: 'NaN' is not a number"),
        ("2024-03-06,1,inf", ", line 4, column BND: 'inf' is not a number"),
        ("2024-03-06,1,n/a", ", line 4, column BND: 'n/a' is not a number"),
        ("2024-03-06,1_000,2", ", line 4, column VTI: '1_000' is not a number"),
        ("2024-03-06,١٢,2", ", line 4, column VTI: '١٢' is not a number"),
        ('2024-03-06,"1,000",2', ", line 4, column VTI: '1,000' is not a number"),
        ("2024-03-06,$5,2", ", line 4, column VTI: '$5' is not a number"),
        ("2024-03-06,,2", ", line 4, column VTI: the cell is empty"),
        ("2024-03-06,0.00001,2", ", line 4, column VTI: 0.00001 is not a price from 0.0001"),
        ("2024-03-06,1e300,2", ", line 4, column VTI: 1e300 is not a price from 0.0001"),
        ("2024-03-06,1", ", line 4: 2 columns where the header has 3"),
        ("2024-03-06,1,2,3", ", line 4: 4 columns where the header has 3"),
        ('2024-03-06,"1,2', ", line 4: not CSV"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_column(
    tmp_path: Path, row: str, complaint: str
) -> None:
    assert refusal(tmp_path, GOOD + row + "\n").startswith(complaint)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", " is empty"),
        ("\n\n", " is empty"),
        ("date,VTI\n", " has a header and no rows"),
        ("2024-03-04,100\n", ", line 1, column 1: the header must begin with date"),
        ("date\n2024-03-04\n", ", line 1: no column beside date"),
        ("date;VTI\n2024-03-04;1\n", ", line 1, column 1: the header must begin with date"),
        ("date,VTI,\n2024-03-04,1,\n", ", line 1, column 3: the column has no name"),
        ("date,VTI,BND,VTI\n2024-03-04,1,2,3\n", ", line 1, column 4: VTI is there twice"),
        (b"date,VTI\n2024-03-04,1\n2024-03-05,\xff\n", ", line 3: not UTF-8 text"),
        (b"date,VTI\n2024-03-04,\x00\n", ", line 2, column VTI: '\\x00' is not a number"),
    ],
)
def test_a_file_that_is_no_price_file_is_refused(
    tmp_path: Path, content: str | bytes, complaint: str
) -> None:
    assert refusal(tmp_path, content).startswith(complaint)


def test_the_line_is_the_one_an_editor_shows(tmp_path: Path) -> None:
    assert ", line 6, column BND" in refusal(tmp_path, GOOD + "\n\n2024-03-06,1,x\n")


def test_a_file_that_is_not_there_a_folder_and_a_device_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path, Path("/dev/zero")):
        with pytest.raises(PriceFileError, match=f"^{path}"):
            read_prices(path)


def test_a_file_beyond_64_mib_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(price_file.MAX_BYTES + 1)
    with pytest.raises(PriceFileError, match="larger than 64 MiB"):
        read_prices(path)


def test_a_target_symbol_without_a_column_is_refused_naming_the_columns(tmp_path: Path) -> None:
    table = read_prices(written(tmp_path, GOOD))
    require_symbols(table, ["BND"])
    with pytest.raises(PriceFileError, match="no column for VXUS; its columns are VTI, BND"):
        require_symbols(table, ["VTI", "VXUS"])


def test_a_table_of_values_is_held_to_the_same_rules() -> None:
    day = date(2024, 3, 4)
    with pytest.raises(PriceFileError, match="VTI: 0 is not a price"):
        price_table([day], {"VTI": [Decimal(0)]})
    with pytest.raises(PriceFileError, match="rising"):
        price_table([day, day], {"VTI": [Decimal(1), Decimal(1)]})
    with pytest.raises(PriceFileError, match="as long as"):
        price_table([day], {"VTI": []})
    with pytest.raises(PriceFileError, match="no session"):
        price_table([], {"VTI": []})


# Bill rates


def test_a_bill_rate_may_be_zero_and_holds_until_the_next(tmp_path: Path) -> None:
    path = written(tmp_path, "date,bill_rate_percent\n2009-01-05,0.1\n2009-01-06,0\n")
    rates = read_bill_rates(path)
    assert rates.on(date(2009, 1, 5)) == Decimal("0.1")
    assert rates.on(date(2010, 1, 1)) == 0


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("date,bill_rate_percent\n2009-01-05,-0.1\n", "-0.1 is no rate"),
        ("date,bill_rate_percent\n2009-01-05,101\n", "101 is no rate"),
        ("date,bill_rate_percent\n2009-01-05,x\n", "line 2, column bill_rate_percent: 'x'"),
        ("date,rate\n2009-01-05,1\n", "has the columns date,bill_rate_percent"),
    ],
)
def test_a_file_that_holds_no_rates_is_refused(
    tmp_path: Path, content: str, complaint: str
) -> None:
    with pytest.raises(PriceFileError, match=complaint):
        read_bill_rates(written(tmp_path, content))


@given(content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused_in_one_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"date,A\n2024-03-04," + content)
    complaint, prices = "", []
    try:
        prices = [price for row in read_prices(path).rows for price in row]
    except PriceFileError as refused:
        complaint = str(refused)
    assert bool(prices) != bool(complaint)
    assert all(price > 0 for price in prices)
    assert complaint.startswith(str(path) if complaint else "")
    assert "\n" not in complaint

"""Every way in which a configuration is wrong, and the sentence that a person reads."""

import pytest

from tests.support.configurations import SMALLEST, changed, refused

LOOKS = (
    '"every session, 30 minutes after open", "weekly, 30 minutes before close" '
    'or "monthly, at open"'
)
DATES = (
    '"weekly on friday", "monthly on day 15", "quarterly on day 1 from february" '
    'or "yearly on 2 january"'
)


def test_the_smallest_configuration_is_accepted() -> None:
    with pytest.raises(AssertionError, match="was accepted"):
        refused(SMALLEST)


# Keys


def test_an_unknown_key_is_refused_with_the_one_that_was_meant() -> None:
    assert refused(changed("symbol =", "simbol =")) == [
        'core.toml, line 13, slices[1].simbol: there is no setting "simbol". Did you mean symbol?'
    ]
    assert refused(SMALLEST + "[[slice]]\n") == [
        'core.toml, line 19, slice: there is no setting "slice". Did you mean [[slices]]?'
    ]


def test_a_key_without_its_unit_is_told_the_ones_with_it() -> None:
    assert refused(changed('"VTI"', '"VTI"\nband = 5')) == [
        (
            'core.toml, line 14, slices[1].band: the unit is missing in "band". '
            "Write band_points or band_relative_percent."
        )
    ]


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("[rebalance]\nrest = 10", "rest_sessions"),
        ("[rebalance]\nminimum_trade = 50", "minimum_trade_usd or minimum_trade_percent"),
        ("[rebalance]\ncash_buffer = 1", "cash_buffer_percent"),
        ("[rebalance]\nproposal = 1", "proposal_hours"),
        ("[limits]\nmax_order = 1", "max_order_usd or max_order_percent"),
        ("[schedule]\ntick = 1", "tick_seconds"),
        ("[deposits]\nask_above = 1", "ask_above_percent"),
    ],
)
def test_each_key_without_its_unit_is_told_the_unit(line: str, meant: str) -> None:
    key = line.split("\n")[1].split(" ", maxsplit=1)[0]
    problem = refused(SMALLEST + line)[0]
    assert problem.endswith(f'the unit is missing in "{key}". Write {meant}.')


def test_a_key_in_the_wrong_table_is_told_where_it_belongs() -> None:
    assert refused(SMALLEST + '[rebalance]\nmode = "paper"\nmax_order_usd = 5') == [
        (
            'core.toml, line 20, rebalance.mode: "mode" is not known here. '
            "Move it to the top of the file, above the first [table]."
        ),
        (
            'core.toml, line 21, rebalance.max_order_usd: "max_order_usd" is not known here. '
            "Move it under [limits]."
        ),
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('[limits]\nprices = "a.csv"', '"prices" is not known here. Move it under [simulation].'),
        (
            "[limits]\nweight_percent = 5",
            '"weight_percent" is not known here. Move it under [[slices]].',
        ),
        (
            "[simulation]\nevents = [5]",
            "5 stands where a table belongs. Write [[simulation.events]] and its keys below it.",
        ),
        (
            "[[slices]]\nname = 5\nweight_percent = 0",
            '5 is no name. Write a text in quotes, for example "core".',
        ),
        (
            "[schedule]\nwatched_folder = 7",
            '7 is no path of a file. Write a path, for example "alpaca.keys".',
        ),
        (
            "[limits]\nmax_orders_per_day = 1.0e-20",
            "the number has too many decimals. Write at most 9 decimals.",
        ),
        (
            "[deposits]\nwait_sessions = {}",
            "a table is not a number. Write a number, for example 5 or 2.5.",
        ),
        (
            "[deposits]\nwait_sessions = 12:00:00",
            "12:00:00 is not a number. Write a number, for example 5 or 2.5.",
        ),
        (
            "[deposits]\nwait_sessions = " + "9" * 40,
            "1.000e+40 is too large. Write at most 1000000000000000.",
        ),
    ],
)
def test_other_misplaced_things_are_told(line: str, sentence: str) -> None:
    assert refused(SMALLEST + line)[0].endswith(f": {sentence}")


def test_an_unknown_key_far_from_any_other_is_told_what_is_known() -> None:
    assert refused(SMALLEST + "[deposits]\nxyzzy = 1") == [
        (
            'core.toml, line 20, deposits.xyzzy: there is no setting "xyzzy". '
            "Remove it; known here are wait_sessions, ask_above_percent, action and fill."
        )
    ]


def test_missing_tables_are_named_all_at_once() -> None:
    assert refused("") == [
        'core.toml, household: there is no household. Add [household] with name = "core".',
        "core.toml, accounts: there is no account. Add [[accounts]] with id and broker.",
        (
            "core.toml, slices: there is no slice. "
            "Add [[slices]] with name, weight_percent and symbol."
        ),
    ]


def test_a_missing_key_is_told_with_an_example() -> None:
    assert refused(changed('name = "core"', "")) == [
        'core.toml, line 3, household.name: the key is missing. Add name = "core".'
    ]
    assert refused(changed("weight_percent = 60", "")) == [
        "core.toml, line 10, slices[1].weight_percent: the key is missing. Add weight_percent = 60."
    ]


def test_one_bracket_for_a_list_is_told_two() -> None:
    assert refused(changed("[[accounts]]", "[accounts]")) == [
        (
            "core.toml, line 6, accounts: a table stands where a list belongs. "
            "Write [[accounts]] with two brackets, once for each."
        )
    ]
    assert refused(changed("[household]\nname =", "household =")) == [
        (
            'core.toml, line 3, household: "core" stands where a table belongs. '
            "Write [household] and its keys."
        )
    ]


# Weights, bands and the tree


def test_weights_under_a_hundred_percent_are_told_by_how_much() -> None:
    assert refused(changed("= 40", "= 30.5")) == [
        (
            "core.toml, line 17, slices[2].weight_percent: the slices without a parent sum to 90.5 % "
            "(60 + 30.5), 9.5 % too little. Change weight_percent so that they sum to exactly 100 %."
        )
    ]


def test_weights_over_a_hundred_percent_are_told_for_each_parent() -> None:
    group = (
        'name = "stocks"\nweight_percent = 60\n\n'
        '[[slices]]\nname = "us"\nparent = "stocks"\nweight_percent = 70\nsymbol = "VTI"\n\n'
        '[[slices]]\nname = "abroad"\nparent = "stocks"\nweight_percent = 30.001\nsymbol = "VEA"\n'
    )
    text = changed('name = "stocks"\nweight_percent = 60\nsymbol = "VTI"\n', group)
    assert refused(text) == [
        (
            'core.toml, line 23, slices[3].weight_percent: the slices under "stocks" sum to 100.001 % '
            "(70 + 30.001), 0.001 % too much. "
            "Change weight_percent so that they sum to exactly 100 %."
        )
    ]


def test_a_band_wider_than_its_weight_is_refused() -> None:
    small = '= 36\nsymbol = "BND"\n[[slices]]\nname = "reits"\nweight_percent = 4\nsymbol = "VNQ"\n'
    text = changed('= 40\nsymbol = "BND"\n', small + "band_points = 5\n")
    assert refused(text) == [
        (
            'core.toml, line 23, slices[3].band_points: slice "reits" is 4 % of the portfolio and its '
            "band 5 points wide: it could never fire below. "
            "Give it band_points of less than 4, or band_relative_percent."
        )
    ]


def test_a_general_band_wider_than_a_slice_is_refused() -> None:
    assert refused(SMALLEST + "[rebalance]\nband_points = 50\n") == [
        (
            'core.toml, line 15, slices[2]: slice "bonds" is 40 % of the portfolio and the band of '
            "[rebalance] 50 points wide: it could never fire below. "
            "Give it band_points of less than 40, or band_relative_percent."
        )
    ]


def test_a_symbol_in_two_slices_is_refused() -> None:
    assert refused(changed('"BND"', '"VTI"')) == [
        (
            'core.toml, line 18, slices[2].symbol: VTI is in slice "stocks" already. '
            "Keep each symbol in one slice and add the weights up."
        )
    ]


def test_two_slices_of_one_name_are_refused() -> None:
    assert refused(changed('"bonds"', '"stocks"')) == [
        (
            'core.toml, line 16, slices[2].name: "stocks" is the name of slices[1] too. '
            "Give each slice a name of its own."
        )
    ]


def test_an_unknown_parent_is_refused_without_an_echo_from_the_sums() -> None:
    assert refused(changed('"BND"', '"BND"\nparent = "nothing"')) == [
        (
            'core.toml, line 19, slices[2].parent: there is no slice called "nothing". '
            'Write "stocks", or add that slice.'
        )
    ]


def test_a_slice_that_is_its_own_ancestor_is_refused() -> None:
    problems = refused(changed('symbol = "BND"', 'parent = "bonds"'))
    assert problems[-1] == (
        'core.toml, line 18, slices[2].parent: the parents of "bonds" go round in a circle or '
        "deeper than 8 levels. Name a parent that is nearer to the top."
    )


def test_a_slice_that_holds_nothing_or_two_things_is_refused() -> None:
    assert refused(changed('symbol = "BND"', "")) == [
        (
            'core.toml, line 15, slices[2]: slice "bonds" holds nothing. Add symbol = "...", or slices '
            'with parent = "bonds", or cash = true.'
        )
    ]
    assert refused(changed('symbol = "BND"', 'symbol = "BND"\ncash = true')) == [
        (
            'core.toml, line 15, slices[2]: slice "bonds" has symbol = BND and cash = true. '
            "Keep one of them."
        )
    ]


@pytest.mark.parametrize("symbol", ["", 'symbol = "BIL"'])
def test_a_slice_called_cash_that_is_not_cash_is_refused(symbol: str) -> None:
    text = changed('"bonds"', '"cash"', changed('symbol = "BND"', symbol))
    assert refused(text) == [
        (
            'core.toml, line 16, slices[2].name: "cash" is the name of the slice that is cash. '
            "Add cash = true, or give it another name."
        )
    ]


def test_a_buffer_beside_a_cash_slice_is_refused() -> None:
    text = changed('symbol = "BND"', "cash = true") + "[rebalance]\ncash_buffer_percent = 1\n"
    assert refused(text) == [
        (
            'core.toml, line 20, rebalance.cash_buffer_percent: cash has a slice of its own, "bonds", '
            "so there is no buffer beside it. Remove cash_buffer_percent, or remove that slice."
        )
    ]


# Values


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ('"60"', '"60" is text, not a number. Write a number without quotes.'),
        ("nan", "nan is not a finite number. Write a number, for example 5 or 2.5."),
        ("-inf", "-infinity is not a finite number. Write a number, for example 5 or 2.5."),
        ("true", "true is not a number. Write a number, for example 5 or 2.5."),
        ("[60]", "a list is not a number. Write a number, for example 5 or 2.5."),
        ("-1", "-1 % is out of range. Write 0 to 100 %."),
        ("100.5", "100.5 % is out of range. Write 0 to 100 %."),
        ("60.0000000001", "the number has too many decimals. Write at most 9 decimals."),
        ("1e400", "1.000e+400 is too large. Write at most 1000000000000000."),
    ],
)
def test_a_weight_that_is_no_percentage_is_refused(value: str, sentence: str) -> None:
    assert refused(changed("= 60", f"= {value}")) == [
        f"core.toml, line 12, slices[1].weight_percent: {sentence}"
    ]


def test_a_negative_cash_buffer_is_refused() -> None:
    assert refused(SMALLEST + "[rebalance]\ncash_buffer_percent = -1\n") == [
        "core.toml, line 20, rebalance.cash_buffer_percent: -1 % is out of range. Write 0 to 99 %."
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("rest_sessions = 2.5", "2.5 is not a whole number. Write a number without a point."),
        ("rest_sessions = 10.0", "10 is not a whole number. Write a number without a point."),
        ("rest_sessions = -1", "-1 is out of range. Write 0 to 260."),
        ("proposal_hours = 0", "0 is out of range. Write 1 to 720."),
        ("band_points = 0", "0 points is out of range. Write more than 0 and at most 100 points."),
        ("minimum_trade_usd = -5", "-5 USD is out of range. Write 0 or more."),
        ("fractional = 1", "1 is neither true nor false. Write true or false, without quotes."),
        ("band_rule = 5", '5 is not known here. Write "narrower" or "wider".'),
        ("look = 5", "5 is not a text. Write a text in quotes."),
        ('look = "at noon"', f'"at noon" is not a time to look. Write, for example, {LOOKS}.'),
        (
            'look = "every session, 300 minutes after open"',
            (
                '"every session, 300 minutes after open" lies outside a half day; the offset is at '
                f"most 180 minutes. Write, for example, {LOOKS}."
            ),
        ),
        (
            'backstop = "now and then"',
            f'"now and then" is not a date that comes round. Write, for example, "never", {DATES}.',
        ),
        (
            'destination = "half way"',
            (
                '"half way" is not a destination. '
                'Write, for example, "target", "part way 50 %" or "band edge".'
            ),
        ),
        (
            'destination = "part way 0 %"',
            (
                '"part way 0 %" stops nowhere; the part is above 0 % and at most 100 %. '
                'Write, for example, "target", "part way 50 %" or "band edge".'
            ),
        ),
        (
            'calendar = "monthly"',
            '"monthly" stands where a list belongs. Write a list, for example calendar = [...].',
        ),
    ],
)
def test_a_setting_of_another_kind_is_refused(line: str, sentence: str) -> None:
    key = line.split(" ", maxsplit=1)[0]
    assert refused(SMALLEST + f"[rebalance]\n{line}\n") == [
        f"core.toml, line 20, rebalance.{key}: {sentence}"
    ]


def test_a_day_that_no_month_has_is_refused_with_its_place_in_the_list() -> None:
    assert refused(SMALLEST + '[rebalance]\ncalendar = ["weekly", "monthly on day 40"]\n') == [
        (
            'core.toml, line 20, rebalance.calendar[2]: "monthly on day 40" has a day that no month '
            f"has; it is 1 to 31. Write, for example, {DATES}."
        )
    ]


def test_a_symbol_in_small_letters_is_refused() -> None:
    assert refused(changed('"BND"', '"bnd"')) == [
        'core.toml, line 18, slices[2].symbol: "bnd" is no symbol. Write, for example, "VTI".'
    ]


def test_a_household_whose_name_could_leave_its_folder_is_refused() -> None:
    assert refused(changed('"core"', '"../core"')) == [
        'core.toml, line 4, household.name: "../core" is no id. Write, for example, "brokerage".'
    ]


def test_another_currency_is_refused() -> None:
    assert refused(changed('"core"', '"core"\ncurrency = "EUR"')) == [
        'core.toml, line 5, household.currency: "EUR" is not known here. Write "USD".'
    ]


# Altogether


def test_all_problems_are_told_at_once_in_the_order_of_the_file() -> None:
    text = changed('"dry_run"', '"wet"')
    text = changed("= 60", '= "60"', text)
    text = changed("= 40", "= 50", text)
    text += "[rebalance]\nband = 5\n[limits]\nmax_plan_legs = 0\n"
    assert [problem.split(": ")[0] for problem in refused(text)] == [
        "core.toml, line 1, mode",
        "core.toml, line 12, slices[1].weight_percent",
        "core.toml, line 20, rebalance.band",
        "core.toml, line 22, limits.max_plan_legs",
    ]

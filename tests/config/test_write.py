"""The written configuration: every setting there, and it reads back to what was answered."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Document
from config.read import settings_from
from config.settings import Channel, Mode
from config.write import (
    NOT_SET,
    AnsweredSlice,
    InitAnswers,
    mix_from,
    render_settings,
    toml_value,
    with_mode,
)
from portfolio.accounts import AccountKind, Autonomy
from portfolio.target import Band
from tests.support.configurations import FILE, SMALLEST, settings

MIX = mix_from("stocks:VTI=60, BND=35.5, cash=4.5")
ALPACA = InitAnswers(
    household="core",
    account="brokerage",
    broker="alpaca",
    slices=MIX,
    keys_file="alpaca.keys",
    account_number="PA3ABC",
    max_order_usd=Decimal(25_000),
)
SIMULATED = InitAnswers(household="play", account="paper", broker="simulated", slices=MIX)


def test_a_simple_answer_reads_back_to_the_defaults() -> None:
    read = settings(render_settings(SIMULATED))
    assert read.mode is Mode.DRY_RUN
    assert (read.household.name, read.accounts[0].id) == ("play", "paper")
    assert read.accounts[0].autonomy is Autonomy.PROPOSE
    assert read.policy.default_band == Band()
    assert read.policy.target.weights == {
        "stocks": Decimal("0.6"),
        "BND": Decimal("0.355"),
        "cash": Decimal("0.045"),
    }
    assert read.policy.target.leaf_of("VTI") == "stocks"
    assert read.simulation is not None


def test_an_alpaca_answer_reads_back() -> None:
    read = settings(render_settings(ALPACA))
    assert read.alpaca["brokerage"].keys_file == Path.cwd() / "alpaca.keys"
    assert read.alpaca["brokerage"].account_number == "PA3ABC"
    assert read.limits.max_order == Decimal(25_000)
    assert read.simulation is None


def test_every_answer_reads_back() -> None:
    read = settings(
        render_settings(
            InitAnswers(
                household="all",
                account="paper",
                broker="simulated",
                slices=mix_from("US_STOCKS=60, US_TREASURIES_10Y=40"),
                mode=Mode.PAPER,
                kind=AccountKind.TAX_FREE,
                autonomy=Autonomy.AUTO,
                band_points=Decimal("2.5"),
                cash_buffer_percent=Decimal(2),
                fractional=True,
                look="weekly, at open",
                destination="part way 75 %",
                max_order_usd=Decimal("1234.56"),
                channels=("console",),
                state_dir="state",
                prices="my prices.csv",
                start=date(2007, 10, 1),
                end=date(2009, 12, 31),
                session_seconds=Decimal("0.25"),
                starting_cash_usd=Decimal(5),
                starting_positions={"US_STOCKS": Decimal("1.5"), "BRK.B": Decimal(10)},
            )
        )
    )
    assert read.mode is Mode.PAPER
    assert read.accounts[0].kind is AccountKind.TAX_FREE
    assert read.accounts[0].autonomy is Autonomy.AUTO
    assert (read.policy.default_band.points, read.policy.default_band.relative) == (
        Decimal("0.025"),
        None,
    )
    assert read.policy.target.cash_weight == Decimal("0.02")
    assert read.policy.fractional is True
    assert str(read.schedule.look) == "weekly, at open"
    assert read.policy.destination.part == Decimal("0.75")
    assert read.limits.max_order == Decimal("1234.56")
    assert read.state_dir == Path.cwd() / "state"
    assert read.notices.channels == (Channel.CONSOLE,)
    market = read.simulation
    assert market is not None
    assert market.prices_file == Path.cwd() / "my prices.csv"
    assert (market.start, market.end) == (date(2007, 10, 1), date(2009, 12, 31))
    assert market.session_length is not None
    assert market.session_length.total_seconds() == 0.25
    assert market.openings["paper"].cash == Decimal(5)
    assert market.openings["paper"].positions == {
        "US_STOCKS": Decimal("1.5"),
        "BRK.B": Decimal(10),
    }


@pytest.mark.parametrize("answers", [ALPACA, SIMULATED])
def test_taking_every_default_out_of_its_comment_changes_nothing(answers: InitAnswers) -> None:
    text = render_settings(answers)
    defaults = re.compile(rf"(?m)^# ([a-z_]+ = (?!.*\({NOT_SET}\)))")
    opened = defaults.sub(r"\1", text)
    assert opened.count("\n# ") < text.count("\n# ") - 40
    assert settings(opened).policy == settings(text).policy
    assert settings(opened).limits == settings(text).limits
    assert settings(opened).digest == settings(text).digest


@pytest.mark.parametrize("answers", [ALPACA, SIMULATED])
def test_every_setting_stands_in_the_text_with_a_word_why(answers: InitAnswers) -> None:
    text = render_settings(answers)
    for table in ("rebalance", "deposits", "prices", "limits", "notices", "schedule"):
        model = Document.model_fields[table].annotation
        keys = getattr(model, "model_fields", {})
        assert keys
        for key in keys:
            if key != "cash_buffer_percent":  # the mix has a cash slice instead
                assert re.search(rf"(?m)^(# )?{key} = .+ # .+", text), key


def test_keys_of_another_broker_are_not_written() -> None:
    assert "keys_file" not in render_settings(SIMULATED)
    assert "[simulation]" not in render_settings(ALPACA)
    assert "starting_cash_usd" not in render_settings(ALPACA)


def test_answers_that_cannot_stand_are_told_by_the_reader() -> None:
    text = render_settings(
        InitAnswers(household="x", account="a", broker="alpaca", slices=mix_from("VTI=60, BND=30"))
    )
    with pytest.raises(Exception, match=r"sum to 90 % \(60 \+ 30\), 10 % too little"):
        settings_from(text, file=FILE)


@pytest.mark.parametrize("text", ["VTI", "VTI=", "VTI=sixty", "=60", "VTI=60 BND=40", ""])
def test_a_mix_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(
        ValueError, match=r"is no slice\. Write, for example: VTI=60, BND=35, cash=5"
    ):
        mix_from(text)


def test_a_mix_may_name_its_slices_and_has_cash() -> None:
    assert mix_from("us:vti=60%,cash=40") == (
        AnsweredSlice(name="us", symbol="VTI", weight_percent=Decimal(60)),
        AnsweredSlice(name="cash", cash=True, weight_percent=Decimal(40)),
    )


@given(st.text(max_size=40))
def test_any_text_written_as_toml_reads_back(text: str) -> None:
    import tomllib

    written = f"x = {toml_value(text)}"
    if any(0xD800 <= ord(c) < 0xE000 for c in text):
        return
    assert tomllib.loads(written) == {"x": text}


# Promotion


def test_the_mode_is_changed_and_nothing_else() -> None:
    text = "# mine\nmode  =  'dry_run'   # for now\n\n[household]\nmode = \"x\"\n"
    assert with_mode(text, Mode.PAPER) == (
        '# mine\nmode = "paper"   # for now\n\n[household]\nmode = "x"\n'
    )


def test_a_text_without_a_mode_gets_one_on_top() -> None:
    text = SMALLEST.replace('mode = "dry_run"\n', "")
    assert settings(with_mode(text, Mode.PAPER)).mode is Mode.PAPER
    commented = "# mode = nothing\n" + text
    assert settings(with_mode(commented, Mode.PAPER)).mode is Mode.PAPER

"""From configurations and a price file to a comparison of their policies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from backtest.compare import Candidate, Comparison, Draw, Today, compare
from backtest.history import History
from backtest.many import Cores, Told
from backtest.measures import Rates
from backtest.setup import Setup
from config.settings import Settings
from config.variants import Variant
from daemon.answers.backtests import Wish, read_history, setup_of
from daemon.targets.over_history import where_weights_are_from
from policies.taxes.rates import NIIT_RATE, FlatRates
from portfolio.money import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareWish:
    """What the command line says beside the backtest's wish; None leaves it to `[compare]`."""

    paths: int | None = None
    seed: int | None = None
    workers: int | None = None


def compared(
    variants: Sequence[Variant],
    prices: Path,
    dividends: Path | None,
    wish: Wish,
    asked: CompareWish,
    told: Told = lambda _: None,
    today: Today | None = None,
) -> Comparison:
    """Compare them; how is said by the first one's `[backtest]` and `[compare]`.

    `today` are the household's own holdings, where its journal is at hand.

    Raises `PriceFileError`, `HistoryError` and `BackendMissing`.
    """
    first = variants[0].settings
    history = read_history(first, prices, dividends, wish)
    candidates = [
        Candidate(
            name=variant.name,
            policy=variant.settings.policy,
            setup_for=partial(_setup, replace(variant.settings, backtest=first.backtest), wish),
        )
        for variant in variants
    ]
    return compare(
        candidates,
        history,
        draw=draw_of(first, asked),
        rates=rates_of(first),
        cores=cores_of(first, asked),
        told=told,
        today=today,
        notes=notes_of(variants),
    )


def rates_of(settings: Settings) -> Rates:
    """The flat rates of `[taxes]`; without rates there, those of `[backtest]`."""
    taxes, said = settings.policy.taxes, settings.backtest
    if taxes is None:
        return Rates(short=float(said.short_gains_tax), long=float(said.long_gains_tax))
    federal = taxes.rates.federal
    if not isinstance(federal, FlatRates):
        return Rates()  # brackets need the year's other gains: no rate says it
    more = taxes.rates.state + (NIIT_RATE if taxes.rates.niit else ZERO)
    return Rates(short=float(federal.short + more), long=float(federal.long + more))


def notes_of(variants: Sequence[Variant]) -> tuple[str, ...]:
    """Where the weights of each come from, when that is not what was typed; each sentence once."""
    said: dict[str, list[str]] = {}
    for variant in variants:
        if words := where_weights_are_from(variant.settings):
            said.setdefault(words, []).append(variant.name)
    every = len(variants)
    return tuple(
        words if len(names) == every else f"{', '.join(names)}: {words}"
        for words, names in said.items()
    )


def draw_of(settings: Settings, asked: CompareWish) -> Draw:
    """How other histories are drawn."""
    said = settings.compare
    return Draw(
        paths=said.paths if asked.paths is None else asked.paths,
        years=said.path_years,
        block=said.block_sessions,
        seed=said.seed if asked.seed is None else asked.seed,
        interval=float(said.interval),
    )


def cores_of(settings: Settings, asked: CompareWish) -> Cores:
    """Where the work is done."""
    said = settings.compare
    return Cores(
        workers=said.workers if asked.workers is None else asked.workers,
        backend=said.backend,
        cluster=said.cluster,
    )


def _setup(settings: Settings, wish: Wish, history: History) -> Setup:
    return setup_of(settings, history, wish)

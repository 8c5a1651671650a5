"""From configurations and a price file to a comparison of their policies."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from backtest.compare import Candidate, Comparison, Draw, compare
from backtest.history import History
from backtest.many import Cores, Told
from backtest.measures import Rates
from backtest.setup import Setup
from config.settings import Settings
from config.variants import Variant
from daemon.answers.backtests import Wish, read_history, setup_of


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
) -> Comparison:
    """Compare them; how is said by the first one's `[backtest]` and `[compare]`.

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
    tax = first.backtest
    return compare(
        candidates,
        history,
        draw=draw_of(first, asked),
        rates=Rates(short=float(tax.short_gains_tax), long=float(tax.long_gains_tax)),
        cores=cores_of(first, asked),
        told=told,
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

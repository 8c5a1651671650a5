"""Validated tables into the frozen settings of the rooms; points and percent become fractions."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from config.bands import band_of, default_band, fraction
from config.counting import with_counting
from config.covariances import covariances_of
from config.fire_tables import tree_of
from config.holdings import hand_valued
from config.look import parse_look
from config.look_through import compositions_of
from config.lot_rules import lot_rule
from config.models import AccountTable, Document, SimulationTable
from config.rule_tables import RebalanceTable
from config.rules import parse_calendar, parse_destination
from config.safeguard_tables import halting_of, order_life_of
from config.settings import (
    AlpacaAccount,
    BackupSettings,
    Channel,
    EventKind,
    HedgeSettings,
    Holdings,
    Household,
    Mode,
    NoticeSettings,
    Reconciling,
    Schedule,
    Settings,
    SimulatedEvent,
    Simulation,
)
from config.study_tables import backtest_settings, compare_settings
from config.target_build import target_settings
from config.tax_rules import (
    gift_rule,
    harvest_rule,
    household_taxes,
    planning_rule,
    with_partners,
)
from policies.concentration import ConcentrationRule
from policies.limit_rule import Limits
from policies.policy import (
    CashAction,
    CostShape,
    DepositRule,
    Destination,
    Fill,
    MinimumTrade,
    Policy,
    PriceRule,
    Scope,
    WithdrawalRule,
    Withdrawing,
)
from portfolio.accounts import Account, AccountKind, Autonomy
from portfolio.canonical import digest
from portfolio.composition import Composition
from portfolio.instruments import AssetClass
from portfolio.money import ZERO, Money, Quantity, Weight
from portfolio.target import CASH, Lock, Slice, Target, build_target


def settings_of(document: Document, *, file: Path, text: str) -> Settings:
    """The settings of a checked document. Paths are taken from the folder of the file.

    Raises `NoCovariance` when a file of one is gone since it was checked.
    """
    folder = file.absolute().parent
    target = target_of(document)
    made_of = compositions_of(document.instruments, document.look_through, target, folder)
    return Settings(
        mode=Mode(document.mode),
        household=Household(name=document.household.name, currency=document.household.currency),
        accounts=tuple(_account(table) for table in document.accounts),
        policy=with_counting(_policy(document, folder), document, made_of),
        limits=_limits(document, made_of["limits"]),
        target=target_settings(
            document.target,
            target,
            folder,
            kept=() if any(node.cash for node in document.slices) else (CASH,),
        ),
        schedule=_schedule(document, folder),
        notices=_notices(document, folder),
        backup=_backup(document, folder),
        reconciling=_reconciling(document),
        halting=halting_of(document.halts),
        order_life=order_life_of(document.orders),
        simulation=_simulation(document, folder),
        backtest=backtest_settings(document.backtest),
        compare=compare_settings(document.compare),
        alpaca={a.id: _alpaca(a, folder) for a in document.accounts if a.broker == "alpaca"},
        elsewhere={
            a.id: Holdings(cash=Money(a.cash_usd), positions=_quantities(a.positions))
            for a in document.accounts
            if a.broker == "held_elsewhere"
        },
        holdings=hand_valued(document.holdings, folder),
        hedge=_hedge(document),
        state_dir=_path(document.state_dir, folder),
        file=file,
        text=text,
        # What is studied changes nothing that the daemon does.
        digest=digest(document.model_dump(exclude={"backtest", "compare"})),
    )


def target_of(document: Document) -> Target:
    """The tree of slices; raises `TargetError` when it is none."""
    base = default_band(document.rebalance)
    slices = [
        Slice(
            name=node.name,
            weight=Weight(fraction(node.weight_percent)),
            parent=node.parent,
            symbol=node.symbol,
            is_cash=node.cash,
            substitutes=tuple(node.substitutes),
            lock=Lock.NONE if node.lock is None else Lock(node.lock),
            band=band_of(node, base, document.rebalance),
            least=None if node.min_percent is None else Weight(fraction(node.min_percent)),
            most=None if node.max_percent is None else Weight(fraction(node.max_percent)),
            asset_class=None if node.asset_class is None else AssetClass(node.asset_class),
        )
        for node in document.slices
    ]
    return build_target(
        with_partners(slices, harvest_rule(document.harvest)),
        cash_buffer=Weight(fraction(document.rebalance.cash_buffer_percent)),
    )


def _policy(document: Document, folder: Path) -> Policy:
    rules = document.rebalance
    dated = Weight(fraction(rules.calendar_min_drift_points))
    backstop = (
        None
        if rules.backstop == "never"
        else parse_calendar(
            rules.backstop, min_drift=Weight(fraction(rules.backstop_min_drift_points))
        )
    )
    return Policy(
        target=target_of(document),
        default_band=default_band(rules),
        calendar=tuple(parse_calendar(text, min_drift=dated) for text in rules.calendar),
        backstop=backstop,
        destination=_destination(rules),
        fire=tree_of(rules.fire, covariances_of(rules.fire, folder)),
        rest_sessions=rules.rest_sessions,
        rest_override=rules.rest_override_bands,
        min_improvement=fraction(rules.min_improvement_percent),
        minimum_trade=MinimumTrade(
            amount=Money(rules.minimum_trade_usd),
            fraction=Weight(fraction(rules.minimum_trade_percent)),
        ),
        fractional=rules.fractional,
        sells_allowed=rules.sells_allowed and rules.trades != "buy_only",
        buys_allowed=rules.trades != "sell_only",
        deposits=DepositRule(
            wait_sessions=document.deposits.wait_sessions,
            ask_above=Weight(fraction(document.deposits.ask_above_percent)),
            action=CashAction(document.deposits.action),
            income=CashAction(document.dividends.action),
            fill=Fill(document.deposits.fill),
        ),
        withdrawals=WithdrawalRule(
            action=Withdrawing(document.withdrawals.action),
            lead_days=document.withdrawals.lead_days,
        ),
        prices=PriceRule(
            max_age_seconds=document.prices.max_age_seconds,
            max_spread=fraction(document.prices.max_spread_percent),
            max_jump=fraction(document.prices.max_jump_percent),
        ),
        limit_offset=fraction(rules.limit_offset_percent),
        proposal_hours=rules.proposal_hours,
        run_sessions=rules.run_sessions,
        quiet_open_minutes=rules.quiet_open_minutes,
        quiet_close_minutes=rules.quiet_close_minutes,
        taxes=(taxes := household_taxes(document.taxes)),
        lots=lot_rule(document, has_rates=taxes is not None),
        tax_planning=planning_rule(document.taxes),
        harvest=harvest_rule(document.harvest),
        gifts=gift_rule(document.gifts),
        locks={i.symbol: Lock(i.lock) for i in document.instruments if i.lock is not None},
    )


def _destination(table: RebalanceTable) -> Destination:
    return replace(
        parse_destination(table.destination),
        scope=None if table.scope is None else Scope(table.scope),
        costs=CostShape(
            per_order=Money(table.cost_per_order_usd),
            fraction=fraction(table.cost_percent),
            risk_aversion=table.risk_aversion,
            volatility=fraction(table.volatility_percent),
        ),
    )


def _limits(document: Document, made_of: Composition) -> Limits:
    table = document.limits
    return Limits(
        max_order=None if table.max_order_usd is None else Money(table.max_order_usd),
        max_order_fraction=fraction(table.max_order_percent),
        max_plan_fraction=fraction(table.max_plan_percent),
        max_plan_legs=table.max_plan_legs,
        max_harvest_fraction=fraction(document.harvest.max_day_percent),
        max_position_sold_fraction=fraction(table.max_position_sold_percent),
        max_day_fraction=fraction(table.max_day_percent),
        max_volume_fraction=fraction(table.max_volume_percent),
        max_limit_from_quote=fraction(table.max_limit_from_quote_percent),
        max_price_from_close=fraction(table.max_price_from_close_percent),
        max_orders_per_symbol_per_cycle=table.max_orders_per_symbol_per_cycle,
        max_orders_per_day=table.max_orders_per_day,
        max_requests_per_minute=table.max_requests_per_minute,
        max_cycles_per_symbol_per_session=table.max_cycles_per_symbol_per_session,
        max_cycles_per_day=table.max_cycles_per_day,
        warn_single_holding_fraction=fraction(table.warn_single_holding_percent),
        concentration=ConcentrationRule(
            max_issuer=_fraction_or_none(table.max_issuer_percent),
            max_sector=_fraction_or_none(table.max_sector_percent),
            warn_sector=fraction(table.warn_sector_percent),
            composition=made_of,
        ),
    )


def _reconciling(document: Document) -> Reconciling:
    table = document.reconcile
    return Reconciling(
        max_doubt=fraction(table.max_doubt_percent),
        cash_fits=Money(table.cash_fits_usd),
        confirm_reads=table.confirm_reads,
        confirm_after=timedelta(seconds=table.confirm_seconds),
        alarm_after=timedelta(minutes=table.alarm_minutes),
        split_fit=fraction(table.split_fit_percent),
        split_wait=timedelta(hours=table.split_wait_hours),
    )


def _fraction_or_none(percent: Decimal | None) -> Decimal | None:
    return None if percent is None else fraction(percent)


def _account(table: AccountTable) -> Account:
    return Account(
        id=table.id,
        broker=table.broker,
        kind=AccountKind(table.kind),
        autonomy=Autonomy(table.autonomy),
        owner=table.owner,
        tickets=table.tickets,
    )


def _alpaca(table: AccountTable, folder: Path) -> AlpacaAccount:
    return AlpacaAccount(
        keys_file=_path(table.keys_file, folder),
        account_number=table.account_number,
        feed=table.feed,
        timeout=_seconds(table.timeout_seconds),
        server_url=table.server_url,
    )


def _schedule(document: Document, folder: Path) -> Schedule:
    table = document.schedule
    poll = table.price_poll_seconds
    return Schedule(
        look=parse_look(document.rebalance.look),
        tick=timedelta(seconds=table.tick_seconds),
        price_poll=timedelta(seconds=poll) if poll else None,
        watched_folder=_path(table.watched_folder, folder),
        cancel_orders_on_stop=table.cancel_orders_on_stop,
    )


def _notices(document: Document, folder: Path) -> NoticeSettings:
    table = document.notices
    return NoticeSettings(
        channels=tuple(Channel(name) for name in table.channels),
        file=_path(table.file, folder),
        apprise_file=_path(table.apprise_file, folder),
        amounts=table.amounts,
        monthly_review=table.monthly_review,
        repeat=timedelta(minutes=table.repeat_minutes),
        second_channels=tuple(Channel(name) for name in table.second_channels),
        second_after=timedelta(minutes=table.second_after_minutes),
        give_up_after=timedelta(hours=table.give_up_hours),
        second_apprise_file=_path(table.second_apprise_file, folder),
        heartbeat_file=_path(table.heartbeat_file, folder),
        heartbeat=timedelta(minutes=table.heartbeat_minutes),
    )


def _backup(document: Document, folder: Path) -> BackupSettings:
    table = document.backup
    return BackupSettings(
        every=timedelta(hours=table.every_hours) if table.every_hours else None,
        keep=table.keep,
        folder=_path(table.folder, folder),
    )


def _simulation(document: Document, folder: Path) -> Simulation | None:
    simulated = [a for a in document.accounts if a.broker == "simulated"]
    if not simulated:
        return None
    table = document.simulation or SimulationTable()
    return Simulation(
        prices_file=None if table.prices == "us_60_40" else _path(table.prices, folder),
        start=table.start,
        end=table.end,
        session_length=None if table.session_seconds is None else _seconds(table.session_seconds),
        openings={
            a.id: Holdings(
                cash=Money(a.starting_cash_usd), positions=_quantities(a.starting_positions)
            )
            for a in simulated
        },
        spread=fraction(table.spread_percent),
        fee_per_order=Money(table.fee_per_order_usd),
        fee_fraction=fraction(table.fee_percent),
        daily_volume=Quantity(table.daily_volume_units),
        fill_share=fraction(table.fill_percent_of_volume),
        settlement_sessions=table.settlement_sessions,
        cash_interest=table.cash_interest,
        events=tuple(
            SimulatedEvent(
                on=event.on,
                kind=EventKind(event.kind),
                account=event.account or (simulated[0].id if _moves_cash(event.kind) else None),
                symbol=event.symbol,
                amount=None if event.amount_usd is None else Money(event.amount_usd),
                ratio=event.ratio,
                to=event.to,
                sessions=event.sessions,
            )
            for event in table.events
        ),
    )


def _hedge(document: Document) -> HedgeSettings:
    table = document.hedge
    return HedgeSettings(
        enabled=table.enabled,
        betas=dict(table.betas),
        protect=fraction(table.protect_percent),
        strike=fraction(table.strike_percent),
        months=table.months,
        max_premium=fraction(table.max_premium_percent),
    )


def _moves_cash(kind: str) -> bool:
    return kind in (EventKind.DEPOSIT, EventKind.WITHDRAWAL)


def _quantities(units: Mapping[str, Decimal]) -> dict[str, Quantity]:
    return {symbol: Quantity(number) for symbol, number in units.items() if number > ZERO}


def _seconds(number: Decimal) -> timedelta:
    return timedelta(microseconds=int(number * 1_000_000))


def _path(text: str | None, folder: Path) -> Path | None:
    return None if text is None else folder / Path(text).expanduser()

"""The daemon with one rule of the order protocol taken out: each such mutant must be caught.

A mutant is a set of replacements in the modules of this process. Where another layer would hide the
missing rule, that layer is taken out with it.
"""

from daemon import cycle, executor, memory, observe, reconcile, recovery, service, settle
from daemon.machine import lease
from daemon.requests import acting as requests
from daemon.upkeep import chores
from policies import book, checks, decide, gates, limits, prices
from policies.planning import continue_run
from portfolio.decisions import Proposal
from portfolio.orders import Leg
from portfolio.snapshot import PriceFault
from tests.simulation import mutated_guards as guards
from tests.simulation import mutations
from tests.simulation.chance import LATEST
from tests.simulation.layers import (
    BESIDE_LIVE_ORDERS,
    CASH_FOLLOWS,
    CATCHING_UP,
    HOLDINGS_FOLLOW,
    LAST_ALLOWANCE,
    LAST_MEANS,
    LAST_WASH,
    ONE_PICTURE,
    OTHERS_REST,
    ample_purse,
    nothing,
)
from tests.simulation.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        name="a timeout is a failure",
        says="an unknown outcome of a send is taken for a refusal",
        swaps=((executor, "judge_submit", mutations.timeout_is_failed),),
        without=(CATCHING_UP,),
    ),
    Mutant(
        name="not found is gone at once",
        says="the first look-up that finds nothing ends an ambiguous leg",
        swaps=((settle, "_look_up", mutations.gone_at_once),),
        without=(CATCHING_UP,),
        faults=("late arrival",),
    ),
    Mutant(
        name="a crash means unsent",
        says="a leg that was being sent when the process died is abandoned",
        swaps=((recovery, "_resume_interrupted_legs", mutations.crash_is_unsent),),
        without=(CATCHING_UP,),
        faults=("crash",),
    ),
    Mutant(
        name="buys first",
        says="buys go out before the sales that pay for them",
        swaps=((Proposal, "first_wave", mutations.BUYS_FIRST),),
        without=(LAST_MEANS,),
    ),
    Mutant(
        name="a stale price will do",
        says="the age of a quote is not looked at",
        swaps=(
            (prices, "fault_of", mutations.stale_passes),
            (checks, "fault_of", mutations.stale_passes),
        ),
    ),
    Mutant(
        name="the halt is read once a cycle",
        says="the latch is read before the first leg of a wave only",
        swaps=((cycle, "place", mutations.latch_read_once),),
        faults=("kill",),
    ),
    Mutant(
        name="no fence after a loss",
        says="a lost leg bars nothing and keeps nothing",
        swaps=(
            (book, "barred_symbols", mutations.lost_is_not_barred),
            (Leg, "reserved_cash", mutations.LOST_KEEPS_NOTHING),
        ),
        without=BESIDE_LIVE_ORDERS,
        faults=("late arrival", "invisible order"),
    ),
    Mutant(
        name="a new id on retry",
        says="an ambiguous leg is sent again under another id",
        swaps=((executor, "_send_one", mutations.another_id),),
    ),
    Mutant(
        name="the library retries",
        says="an ambiguous leg is sent again under its id, and the second answer believed",
        swaps=((executor, "_send_one", mutations.same_id_again),),
    ),
    Mutant(
        name="intent after the send",
        says="the leg is written down when the answer is there",
        swaps=((executor, "_send_one", mutations.intent_after_submit),),
    ),
    Mutant(
        name="fills count each time they are seen",
        says="executions are booked without asking whether they are",
        swaps=((settle, "_book_fills", mutations.every_fill_again),),
    ),
    Mutant(
        name="strangers' fills are not booked",
        says="only executions of our own orders reach the ledger",
        swaps=((settle, "_book_fills", mutations.only_our_fills),),
    ),
    Mutant(
        name="an empty list means flat",
        says="an answer without holdings is believed, whatever the equity",
        swaps=(
            (observe, "positions_beside", mutations.raw_positions),
            (recovery, "positions_beside", mutations.raw_positions),
        ),
        without=(HOLDINGS_FOLLOW, ONE_PICTURE),
        faults=("empty positions",),
    ),
    Mutant(
        name="plans over live orders",
        says="an open order does not keep its symbol from being planned",
        swaps=((book, "barred_symbols", mutations.orders_bar_nothing),),
        without=BESIDE_LIVE_ORDERS,
        faults=("fills held",),
    ),
    Mutant(
        name="parts are forgotten",
        says="what an order filled before it was cancelled is not counted",
        swaps=((settle, "_take_over", mutations.taken_over_without_parts),),
        without=(CATCHING_UP,),
        faults=("part fill", "fills held"),
    ),
    Mutant(
        name="asked to cancel is cancelled",
        says="a cancel that was heard ends the leg",
        swaps=((settle, "request_cancel", mutations.asked_is_canceled),),
        without=(CATCHING_UP,),
        faults=("stuck cancel", "fills held", "part fill", "trading halt"),
    ),
    Mutant(
        name="reads are not compared with writes",
        says="holdings that disagree with our own fills are planned on",
        swaps=HOLDINGS_FOLLOW.swaps,
        without=(CASH_FOLLOWS, ONE_PICTURE),
        faults=("stale positions", "late fills", "stale all"),
        first=5100,
    ),
    Mutant(
        name="cash is believed",
        says="cash that does not follow from fills and flows is planned on",
        swaps=CASH_FOLLOWS.swaps,
        without=(ONE_PICTURE,),
        faults=("stale cash",),
    ),
    Mutant(
        name="a worth in doubt will do",
        says="other symbols are sized by holdings that disagree with our own fills",
        swaps=((cycle, "check_worth", nothing),),
        without=(ONE_PICTURE,),
        faults=("stale positions", "jump"),
        rate=0.9,
    ),
    Mutant(
        name="a yes to one plan is a yes to any",
        says="an approval opens whatever the next look proposes",
        swaps=mutations.not_bound,
    ),
    Mutant(
        name="nobody is asked",
        says="every plan passes the limits",
        swaps=((cycle, "check_plan", mutations.all_approved),),
    ),
    Mutant(
        name="runs have no allowance",
        says="a run may trade its symbols again and again",
        swaps=(
            (continue_run, "remaining", mutations.tenfold_allowances),
            (executor, "open_purse", ample_purse),
            (cycle, "open_purse", ample_purse),
            (limits, "within_run", lambda *_: ()),
        ),
    ),
    Mutant(
        name="told after the commit",
        says="the page about a lost order is written in a commit of its own",
        swaps=((settle, "move", mutations.told_afterwards),),
        faults=("request lost", "crash"),
    ),
    Mutant(
        name="stuck orders are not told",
        says="no page when a cancel has no effect",
        swaps=((settle, "_pages", mutations.stuck_untold),),
        faults=("stuck cancel", "fills held"),
    ),
    Mutant(
        name="a run whose wake was lost is forgotten",
        says="the tick does not ask whether a run waits",
        swaps=((service, "RUN_WAITS", mutations.LATE),),
        faults=("mute stream", "no prices"),
    ),
    Mutant(
        name="a halt cancels nothing",
        says="orders that work are left alone when everything is halted",
        swaps=(
            (requests, "request_cancel", nothing),
            (settle, "request_cancel", mutations.not_while_halted),
        ),
        faults=("kill", "fills held"),
    ),
    Mutant(
        name="a halt asks once",
        says="a cancel that nobody heard in a halt is not asked for again",
        swaps=((settle, "request_cancel", mutations.not_while_halted),),
        faults=("kill", "fills held", "cancel unanswered"),
        rate=0.9,
    ),
    Mutant(
        name="counts are final when an order ends",
        says="executions that are counted after an order's end do not reach its leg",
        swaps=CATCHING_UP.swaps,
        faults=("counts late", "part fill", "fills held"),
    ),
    Mutant(
        name="the machine's clock is believed",
        says="nobody compares it with the broker's",
        swaps=(
            (cycle, "check_clock", lambda *_: frozenset()),
            (recovery, "check_clock", nothing),
            (chores, "check_clock", nothing),
        ),
        faults=("clock step",),
        rate=4.0,
    ),
    Mutant(
        name="a run may try for ever",
        says="a run that goes on is not asked how often it has traded a symbol today",
        swaps=((limits, "_repeats_of_run", lambda *_: ()),),
        faults=("fills held",),
        rate=0.9,
    ),
    Mutant(
        name="a yes is not cut to",
        says="what a person has granted may go out as large as the next look makes it",
        swaps=((cycle, "cut", mutations.uncut),),
        without=(LAST_ALLOWANCE,),
    ),
    Mutant(
        name="lost without the list",
        says="an order that its look-up misses is lost, and nobody reads the list",
        swaps=((settle, "_look_up", guards.lost_without_the_list),),
        faults=("look-up misses", "answer lost"),
    ),
    Mutant(
        name="a lost order is not looked for",
        says="nobody asks for a lost order again before its session ends",
        swaps=((settle, "_watch_for_late_arrival", guards.never_arrives),),
        without=(CATCHING_UP,),
        faults=("late arrival",),
    ),
    Mutant(
        name="an unknown word is an end",
        says="a status that nobody knows ends the leg",
        swaps=((settle, "state_of", guards.unknown_is_over),),
        without=(CATCHING_UP,),
        faults=("unknown word", "fills held", "part fill"),
    ),
    Mutant(
        name="a difference is believed at once",
        says="holdings that disagree are accepted at the first look",
        swaps=((reconcile, "_is_confirmed", lambda *_: True),),
        without=(CASH_FOLLOWS, ONE_PICTURE),
        faults=("stale positions", "late fills", "stale all"),
        first=5100,
    ),
    Mutant(
        name="sales and buys at once",
        says="buys go out in the wave of the sales that pay for them",
        swaps=((Proposal, "first_wave", guards.BOTH_AT_ONCE),),
        without=(LAST_MEANS,),
        faults=("fills held",),
    ),
    Mutant(
        name="open buys keep no cash",
        says="what live buys may still take is spent again",
        swaps=((Leg, "reserved_cash", guards.KEEPS_NOTHING),),
        without=BESIDE_LIVE_ORDERS,
        faults=("fills held", "trading halt", "part fill"),
        rate=0.9,
    ),
    Mutant(
        name="people's orders bar nothing",
        says="a symbol in which a person has an order is traded",
        swaps=((book, "barred_symbols", guards.people_bar_nothing),),
        without=(OTHERS_REST,),
        faults=("own order",),
        rate=0.9,
    ),
    Mutant(
        name="a wide price will do",
        says="the spread of a quote is not looked at",
        swaps=guards.passed_as_good(PriceFault.WIDE),
        faults=("wide price",),
    ),
    Mutant(
        name="a jump will do",
        says="a price a quarter from its last close is traded on",
        swaps=guards.passed_as_good(PriceFault.JUMPED),
        faults=("jump",),
        rate=0.9,
    ),
    Mutant(
        name="no last look at the quote",
        says="a quote that turned bad since the look is sent on",
        swaps=((limits, "fresh_quote", guards.any_quote),),
        faults=("quote turns",),
    ),
    Mutant(
        name="no collar",
        says="how far a limit is through its quote is not looked at",
        swaps=(
            (checks, "collar", guards.within_the_collar),
            (limits, "collar", guards.within_the_collar),
        ),
        faults=("price runs",),
    ),
    Mutant(
        name="any minute of the session",
        says="orders go out in its first and last minutes, and when it is closed",
        swaps=((gates, "_session_gate", gates._halt_gate),),
    ),
    Mutant(
        name="anything may be traded",
        says="what the broker says of a symbol is not looked at",
        swaps=((book, "barred_symbols", guards.all_is_tradable),),
        faults=("not tradable",),
    ),
    Mutant(
        name="told to end and goes on",
        says="the end of the process is not looked at before a send",
        swaps=((executor, "_why_stop", guards.only_halted),),
        faults=("asked to end",),
    ),
    Mutant(
        name="a halt is read from the journal",
        says="the file is not looked at before a send",
        swaps=((executor, "_why_stop", guards.halted_as_recorded),),
        faults=("kill",),
    ),
    Mutant(
        name="a start ends a halt",
        says="the halt file goes when the process starts",
        swaps=((recovery, "_resume_interrupted_legs", guards.start_clears_the_halt),),
        faults=("kill", "crash"),
    ),
    Mutant(
        name="a start sends what was planned",
        says="legs that a crash has left unsent are sent",
        swaps=((recovery, "_resume_interrupted_legs", guards.sends_what_was_planned),),
        faults=("crash",),
    ),
    Mutant(
        name="a start adopts",
        says="holdings are taken as they are at every start",
        swaps=((recovery, "_adopt_holdings_once", guards.adopted_each_time),),
    ),
    Mutant(
        name="a start forgets what was used",
        says="orders of before it count in no limit of the day",
        swaps=((cycle, "remember", guards.forgets_at_a_start),),
        faults=("fills held", "crash"),
        rate=0.9,
    ),
    Mutant(
        name="the day has no limit",
        says="what was traded today is not counted",
        swaps=((cycle, "remember", guards.nothing_was_traded),),
        faults=("deposit",),
        rate=0.9,
    ),
    Mutant(
        name="a run has no end",
        says="a run may send after its time is up",
        swaps=((decide, "end_of_time", nothing),),
        faults=("fills held", "no prices"),
    ),
    Mutant(
        name="losses are forgotten",
        says="what was sold at a loss is bought back",
        swaps=((memory, "losses_to_guard", lambda *_: ()),),
        without=(LAST_WASH,),
        first=LATEST,
    ),
    Mutant(
        name="two daemons",
        says="the lease is given to whoever asks",
        swaps=((lease, "_lock", lambda *_: True),),
        faults=("second daemon",),
    ),
    Mutant(
        name="causes are told",
        says="the low-level error goes into the record",
        swaps=((service, "CycleFailed", guards.failed_with_its_cause),),
        faults=("read timeout",),
    ),
)

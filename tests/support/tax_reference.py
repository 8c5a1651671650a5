"""What a plan costs, worked out a second time and as plainly as can be: loops, no shared code."""

from policies.planning.tax.problem import Problem, Trades


def year_tax(problem: Problem, short: float, long: float) -> float:
    """Flat rates: net within the terms, then across, then at most the limit against other income."""
    curve = problem.curve
    assert curve.flat is not None
    on_short, on_long, on_other = (rate + curve.state for rate in curve.flat)
    if short >= 0 and long >= 0:
        return on_short * short + on_long * long
    if short + long >= 0:
        return (on_long if long > 0 else on_short) * (short + long)
    loss_short, loss_long = max(-short, 0.0), max(-long, 0.0)
    if short > 0:
        loss_long -= short
    if long > 0:
        loss_short -= long
    used_short = min(loss_short, curve.limit)
    used_long = min(loss_long, curve.limit - used_short)
    kept = curve.carried_short * (loss_short - used_short)
    kept += curve.carried_long * (loss_long - used_long)
    return -on_other * (used_short + used_long) - kept


def objective(problem: Problem, trades: Trades) -> float:
    """Tax, trading, drift, holding, waiting, idle cash and cash that lacks, one trade at a time."""
    accounts, names, lots = problem.shape
    chains, drift = problem.chains, problem.drift
    short, long = problem.base
    total = -year_tax(problem, short, long)
    value = [float(v) for v in drift.held]
    cash = [float(c) for c in problem.cash]
    for a in range(accounts):
        for c in range(names):
            cost = float(problem.kappa[c])
            bought = float(trades.bought[a, c])
            value[c] += bought
            cash[a] -= bought * (1 + cost)
            total += bought * (cost + float(problem.holding[a, c]))
            for k in range(lots):
                sold = float(trades.sold[a, c, k])
                value[c] -= sold
                cash[a] += sold * (1 - cost)
                total += sold * (cost - float(problem.holding[a, c]) + float(chains.wait[a, c, k]))
                gain = sold * float(chains.gain[a, c, k])
                if chains.short[a, c, k]:
                    short += gain
                else:
                    long += gain
    for c in range(names):
        off = abs(value[c] - float(drift.goal[c]))
        beyond = max(value[c] - float(drift.high[c]), float(drift.low[c]) - value[c], 0.0)
        total += drift.inside * (off - beyond) + drift.beyond * beyond
    total += sum(problem.idle * max(left, 0.0) for left in cash)
    steepest = drift.beyond + max(abs(float(h)) for h in problem.holding.flat)
    total += sum(4.0 * (1.0 + steepest) * max(-left, 0.0) for left in cash)
    return total + year_tax(problem, short, long)

"""`trimtab profile`: thirteen questions and the circumstances, scored, explained and kept."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import typer

from daemon.cli.where import ConfigOption, JsonOption, StateOption, state_at

if TYPE_CHECKING:
    from pathlib import Path

    from policies.targets.risk_profile import Circumstances

NO_ADVICE = "This is a score and a rule of thumb with its sources, no advice."


def profile(
    answers: Annotated[
        str, typer.Option("--answers", help="All 13 at once, one letter each: bbbbbbbbaabbb.")
    ] = "",
    horizon: Annotated[
        float | None, typer.Option("--horizon-years", min=0, max=80, help="Until it is needed.")
    ] = None,
    age: Annotated[int | None, typer.Option("--age", min=16, max=120)] = None,
    reserve: Annotated[
        float | None, typer.Option("--reserve-months", min=0, max=1000, help="Spending in cash.")
    ] = None,
    self_rating: Annotated[
        int | None,
        typer.Option("--self-rating", min=0, max=10, help="How willing to take risks, 0 to 10."),
    ] = None,
    unstable_income: Annotated[
        bool, typer.Option("--unstable-income", help="The income may stop at any time.")
    ] = False,
    score_only: Annotated[
        bool, typer.Option("--score-only", help="Score the answers and keep nothing.")
    ] = False,
    config: ConfigOption = None,
    state: StateOption = None,
    json: JsonOption = False,
) -> None:
    """Ask what risk you want and can bear, say the share of growth that follows and what binds it.

    Kept in the state directory; [target] source = "risk_profile" takes it over. No advice.

    Example: trimtab profile --answers bbbbbbbbaabbb --horizon-years 20 --age 40 --self-rating 6
    """
    from policies.targets.risk_profile import Circumstances, score

    given = answers or _asked()
    try:
        score(given)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--answers") from None
    years = horizon if horizon is not None else typer.prompt("Years until it is needed", type=float)
    facts = Circumstances(
        horizon_years=Decimal(str(years)),
        age=age,
        reserve_months=Decimal(str(6 if reserve is None else reserve)),
        income_is_stable=not unstable_income,
    )
    own = self_rating
    if own is None and not answers:
        own = _own_rating()
    _tell(given, facts, own, None if score_only else state_at(config, state), json=json)


def _asked() -> str:
    """Ask each question on the terminal."""
    from policies.targets.questionnaire import QUESTIONS

    given = ""
    for number, question in enumerate(QUESTIONS, start=1):
        letters = "abcd"[: len(question.answers)]
        typer.echo(f"\n{number:>2}. {question.text}")
        for letter, answer in zip(letters, question.answers, strict=True):
            typer.echo(f"    {letter}  {answer}")
        answer = ""
        while answer not in tuple(letters):
            answer = typer.prompt("   ", prompt_suffix=f"{'/'.join(letters)}: ").strip().lower()
        given += answer
    return given


def _own_rating() -> int:
    """A check on the score: one's own word, asked after the questions."""
    rating = -1
    while not 0 <= rating <= 10:
        rating = typer.prompt("How willing to take risks, 0 (not at all) to 10 (very)", type=int)
    return rating


def _tell(
    given: str,
    facts: "Circumstances",
    own: int | None,
    state_dir: "Path | None",
    *,
    json: bool,
) -> None:
    from daemon.cli.looking import print_json
    from daemon.targets.answers import Result, judged

    result: Result = judged(given, facts, state_dir, own)
    if json:
        print_json(result.as_json())
        return
    for line in (*result.sentences, NO_ADVICE):
        typer.echo(line)

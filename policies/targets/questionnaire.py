"""The thirteen questions of the risk profile, in our own words, for the key of `risk_profile`.

After Grable and Lytton, Financial risk tolerance revisited, Financial Services Review 8 (1999). The
order of questions and answers is theirs, because the points depend on it; the wording is ours.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question and its answers, a first."""

    text: str
    answers: tuple[str, ...]


def _ask(text: str, *answers: str) -> Question:
    return Question(text=text, answers=answers)


QUESTIONS: tuple[Question, ...] = (
    _ask(
        "How would people who know you well describe the way you take risks?",
        "I gamble",
        "I take a risk after looking into it",
        "I am cautious",
        "I avoid every risk",
    ),
    _ask(
        "In a quiz you may take one of these. Which?",
        "1,000 in cash",
        "one chance in two of 5,000",
        "one chance in four of 10,000",
        "one chance in twenty of 100,000",
    ),
    _ask(
        "You have saved for a great journey and lose your job three weeks before it. You would",
        "cancel it",
        "take a far more modest one",
        "go as planned, and use the time to look for work",
        "make it longer, for the chance may not come again",
    ),
    _ask(
        "20,000 come to you unexpectedly to invest. You would put them into",
        "an insured bank account",
        "good bonds or a bond fund",
        "stocks or a stock fund",
    ),
    _ask(
        "How do you feel about investing in stocks, from what you know?",
        "not at ease at all",
        "somewhat at ease",
        "very much at ease",
    ),
    _ask(
        'Which word comes to you first when you hear "risk"?',
        "loss",
        "uncertainty",
        "opportunity",
        "excitement",
    ),
    _ask(
        "Experts expect hard assets to rise and bonds to fall, though government bonds are thought "
        "safe. Most of yours are government bonds. You would",
        "keep them",
        "sell them, half into a money market account, half into hard assets",
        "sell them all for hard assets",
        "sell them all and borrow to buy more hard assets",
    ),
    _ask(
        "Which of these best and worst years would you choose?",
        "gain 200, lose nothing",
        "gain 800, lose 200",
        "gain 2,600, lose 800",
        "gain 4,800, lose 2,400",
    ),
    _ask(
        "Beside what you own you are given 1,000. You would rather have",
        "500 more for certain",
        "one chance in two of 1,000 more, else nothing",
    ),
    _ask(
        "Beside what you own you are given 2,000. You would rather",
        "lose 500 for certain",
        "lose 1,000 or nothing, one chance in two",
    ),
    _ask(
        "You inherit 100,000 that must all go into one of these. Which?",
        "a savings account or money market fund",
        "a fund of stocks and bonds",
        "fifteen single stocks",
        "gold, silver and oil",
    ),
    _ask(
        "20,000 are to be invested. Which mix suits you best?",
        "60 % at low risk, 30 % at medium, 10 % at high",
        "30 % at low risk, 40 % at medium, 30 % at high",
        "10 % at low risk, 40 % at medium, 50 % at high",
    ),
    _ask(
        "A friend who knows the trade looks for gold: fifty to a hundred times the money if it is "
        "found, none back if not, one chance in five. How much would you put in?",
        "nothing",
        "a month's pay",
        "three months' pay",
        "six months' pay",
    ),
)

"""Switches that make a simulated broker fail on purpose, for tests and demonstrations."""

from dataclasses import dataclass, field

from portfolio.ports import SubmitOutcome


@dataclass(slots=True, kw_only=True)
class Faults:
    """What goes wrong next; not remembered over a restart. Not frozen: switches are there to move.

    `answers` are given to the next submits instead of taking the order, first one first.
    `lost_answers` are used up when that is empty: the answer to a submit is lost (`Ambiguous`),
    True means that the order was taken all the same. `failing_reads` is how many reads will raise
    `Unavailable`. `status_words` replaces the status of an order, by its id, with any word.
    """

    answers: list[SubmitOutcome] = field(default_factory=list)
    lost_answers: list[bool] = field(default_factory=list)
    failing_reads: int = 0
    status_words: dict[str, str] = field(default_factory=dict)

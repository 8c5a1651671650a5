"""The worked household on its page is what the planner says today."""

from pathlib import Path

from scripts.household_example import page, planned, policy

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_planner_says() -> None:
    written = (DOCS / "household-example.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m scripts.household_example > docs/household-example.md"


def test_its_tax_is_what_the_hand_finds() -> None:
    # 12 shares gained 150 each: 1,800 long-term. Before: 1,000 short less 4,000 carried is 3,000 of
    # loss, deducted at 24 %: -720. After: 1,200 of loss are left to deduct: -288.
    taxes = planned(policy()).taxes
    assert taxes is not None
    assert taxes.long_gain == 1_800
    assert taxes.tax == 432

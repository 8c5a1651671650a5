"""The worked cases under tests/vectors, read with exact numbers."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parents[1] / "vectors"


def vectors(name: str) -> Any:
    """One file of worked cases; every fraction is a Decimal."""
    return json.loads((VECTORS / f"{name}.json").read_text(encoding="utf-8"), parse_float=Decimal)

"""What every table of the configuration is made of; private to this room."""

import os
from decimal import Decimal
from typing import Any

# Pydantic would look through every installed distribution for plugins, which takes as long as reading
# the configuration; and nobody's plugin has a say in what a configuration means.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

from pydantic import BaseModel, ConfigDict, Field


class Table(BaseModel):
    """What all tables have in common: no unknown key, no silent conversion, no secret in an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, allow_inf_nan=False
    )


def key(default: Any, why: str, example: Any = None) -> Any:
    """A key with its default; one without a default shows an example in the written file."""
    return Field(default=default, description=why, examples=None if example is None else [example])


def needed(why: str) -> Any:
    return Field(description=why)


def percent(fraction: Decimal | None) -> Decimal:
    """A fraction as percent or points."""
    if fraction is None:
        raise TypeError("a default that the text shows in percent must be a number")
    return Decimal(format((fraction * 100).normalize(), "f"))

"""The policies of a grid: one configuration, with every combination of the listed values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from pydantic import ValidationError

from config.build import settings_of
from config.model_portfolios import with_models
from config.models import Document
from config.presets import with_preset
from config.problems import ConfigurationError
from config.read import read_settings
from config.refusals import problems_of
from config.settings import Settings
from config.source import parse, read_text
from config.write import toml_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One policy of a comparison and its name: the file's, or the values that it differs by."""

    name: str
    settings: Settings


def variants_at(paths: Sequence[Path]) -> tuple[Variant, ...]:
    """Every file as it is; of a single file with a grid each combination, after the file itself.

    Values of `band_points` and its like replace the bands of `[rebalance]`; slices with bands of
    their own keep them. Raises `ConfigurationError`.
    """
    found = tuple(
        Variant(name=name, settings=read_settings(path))
        for name, path in zip(_names(paths), paths, strict=True)
    )
    if len(found) > 1 or not found[0].settings.compare.grid:
        return found
    return (replace(found[0], name="as it is"), *_combinations(paths[0], found[0].settings))


def _names(paths: Sequence[Path]) -> list[str]:
    """The stems, or the whole paths where two stems are alike."""
    stems = [path.stem for path in paths]
    return stems if len(set(stems)) == len(stems) else [str(path) for path in paths]


def _combinations(path: Path, settings: Settings) -> Iterator[Variant]:
    text = read_text(path)
    raw, places = parse(path, text)
    grid = settings.compare.grid
    for values in product(*grid.values()):
        chosen = dict(zip(grid, values, strict=True))
        try:
            document = Document.model_validate(with_models(with_preset(_with(raw, chosen))))
        except ValidationError as error:
            raise ConfigurationError(tuple(problems_of(error, file=path, places=places))) from None
        yield Variant(
            name=", ".join(f"{key} {toml_value(value)}" for key, value in chosen.items()),
            settings=settings_of(document, file=path, text=text),
        )


def _with(raw: Mapping[str, object], chosen: Mapping[str, object]) -> dict[str, object]:
    """The document with other values. Another width of band drops the one that was not chosen."""
    rules = raw.get("rebalance")
    table = dict(rules) if isinstance(rules, dict) else {}
    widths = {"band_points", "band_relative_percent"}
    if widths & chosen.keys():
        table = {key: value for key, value in table.items() if key not in widths}
    return {**raw, "rebalance": {**table, **chosen}}

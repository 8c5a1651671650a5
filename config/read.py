"""Read a configuration: text in, frozen settings out, or every problem at once."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from config.build import settings_of, target_of
from config.checks import (
    Finding,
    check_accounts,
    check_notices,
    check_simulation,
    check_slices,
)
from config.fire_checks import check_fire
from config.holdings import check_holdings
from config.look_through import check_look_through
from config.lot_rules import check_groups
from config.model_portfolios import ModelsDoNotFit, with_models
from config.models import AccountTable, Document, NoticesTable, SliceTable
from config.places import Path as KeyPath
from config.places import key_text, line_of
from config.presets import with_preset
from config.problems import ConfigurationError, Problem
from config.refusals import problems_of
from config.safeguard_tables import check_halts
from config.settings import Settings
from config.source import parse, read_text
from config.target_checks import check_target
from config.tax_rules import check_taxes
from portfolio.target import Target, TargetError

_Table = TypeVar("_Table", bound=BaseModel)


def read_settings(path: Path) -> Settings:
    """The settings in a TOML file. Paths in it are taken from the file's folder.

    Raises `ConfigurationError` with every problem found, none of which shows a secret.
    """
    return settings_from(read_text(path), file=path)


def settings_from(text: str, *, file: Path) -> Settings:
    """The settings in a text; `file` is named in problems and is where relative paths start.

    Raises `ConfigurationError`.
    """
    parsed, places = parse(file, text)
    problems: list[Problem] = []
    try:
        raw = with_models(with_preset(parsed))
    except ModelsDoNotFit as error:
        problems = [_problem(file, places, *finding) for finding in error.findings]
        raise ConfigurationError(sorted(_once(problems), key=lambda p: p.line or 0)) from None
    document: Document | None = None
    try:
        document = Document.model_validate(raw)
    except ValidationError as error:
        problems.extend(problems_of(error, file=file, places=places))
    folder = file.absolute().parent
    fire = () if document is None else check_fire(document, folder)
    for path, found, instead in (*_findings(raw, document), *fire):
        problems.append(_problem(file, places, path, found, instead))
    if not problems and document is not None:
        unfit: list[Finding]
        try:
            unfit = list(_unfit(document, target_of(document), folder))
        except TargetError as error:
            unfit = [(("slices",), str(error), "Put the slices right")]
        problems.extend(_problem(file, places, *finding) for finding in unfit)
    if problems or document is None:
        raise ConfigurationError(sorted(_once(problems), key=lambda p: p.line or 0))
    return settings_of(document, file=file, text=text)


def _unfit(document: Document, target: Target, folder: Path) -> Iterator[Finding]:
    """What does not fit a tree that stands."""
    yield from check_target(document, target, folder)
    yield from check_holdings(document.holdings, target, folder)
    yield from check_look_through(document.look_through, folder)


def _findings(raw: Mapping[str, object], document: Document | None) -> Iterator[Finding]:
    """What does not fit together, as far as the tables validate one by one."""
    slices = _tables(raw, "slices", SliceTable)
    if slices is not None:
        yield from check_slices(slices, document)
    accounts = _tables(raw, "accounts", AccountTable)
    if accounts is not None:
        yield from check_accounts(accounts, has_simulation="simulation" in raw)
    notices = _table(raw.get("notices", {}), NoticesTable)
    if notices is not None:
        yield from check_notices(notices)
    if document is not None:
        yield from check_simulation(document)
        yield from check_halts(document.halts)
        yield from check_taxes(document)
        yield from check_groups(document)


def _tables(raw: Mapping[str, object], key: str, model: type[_Table]) -> list[_Table | None] | None:
    """A list of tables, None for each that does not validate; None when it is no list."""
    entries = raw.get(key)
    if not isinstance(entries, list):
        return None
    return [_table(entry, model) for entry in entries]


def _table(entry: object, model: type[_Table]) -> _Table | None:
    try:
        return model.model_validate(entry)
    except ValidationError:
        return None


def _problem(
    file: Path, places: Mapping[KeyPath, int], path: KeyPath, found: str, instead: str
) -> Problem:
    return Problem(
        file=file,
        key=key_text(path),
        line=line_of(path, dict(places)),
        found=found,
        instead=instead,
    )


def _once(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))

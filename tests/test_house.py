"""The house itself: its rooms, floors, sizes and papers. `make check` runs this file alone too."""

import ast
import importlib.util
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ROOMS: list[str] = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_TEST_FILE = 500
MOST_LINES_OF_A_FUNCTION = 70

# Which of our modules may import what. import-linter holds the same for plain imports; here
# imports by name (`importlib.import_module("alpaca")`) count as well.
DOORS: Mapping[str, str] = {
    "alpaca": r"brokers/alpaca(_server)?/",
    "alembic": r"daemon/journal/",
    "apscheduler": r"daemon/schedule(\.py$|/)",
    "sqlalchemy": r"daemon/journal/",
    "sqlmodel": r"daemon/journal/",
}
# The one module of the ground floor where exact money becomes a float and comes back.
WHERE_FLOATS_ARE_MADE = {"portfolio/drift.py"}


def sources(*folders: str) -> list[str]:
    """Python files under the folders, as paths relative to the root."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(str(path.relative_to(ROOT)) for path in found)


@cache
def tree(source: str) -> ast.Module:
    return ast.parse((ROOT / source).read_text(encoding="utf-8"), filename=source)


@cache
def tracked() -> list[str]:
    """Every text file that git knows; none of it may come from one developer's machine."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        pytest.skip("not a git clone: what is tracked is not known")
    return [name for name in listing.stdout.split("\0") if (ROOT / name).is_file()]


# Rooms


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_found_inside_this_repository(room: str) -> None:
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin == str(ROOT / room / "__init__.py")


@pytest.mark.parametrize("room", ROOMS)
def test_no_other_distribution_owns_the_name_of_a_room(room: str) -> None:
    assert set(packages_distributions().get(room, [])) <= {"trimtab"}


@pytest.mark.parametrize("source", [s for s in sources(*ROOMS) if s.endswith("__init__.py")])
def test_an_init_file_is_one_docstring(source: str) -> None:
    assert ast.get_docstring(tree(source)), "say in one sentence what the room holds"
    assert len(tree(source).body) == 1, "import from the module itself; nothing is re-exported"


def test_every_folder_of_a_room_with_code_is_a_package() -> None:
    folders = {str(Path(source).parent) for source in sources(*ROOMS)}
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()] == []


def test_there_is_no_init_file_under_tests() -> None:
    """One would make pytest take `tests/daemon` for the package `daemon`."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_every_list_of_rooms_in_pyproject_is_the_same() -> None:
    tools = PYPROJECT["tool"]
    assert tools["importlinter"]["root_packages"] == ROOMS
    assert tools["coverage"]["run"]["source"] == ROOMS
    assert set(ROOMS) <= set(tools["mypy"]["files"])
    listed = [room.strip() for layer in floors() for room in layer.split("|")]
    assert sorted(listed) == sorted(ROOMS)


def floors() -> list[str]:
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(c["layers"] for c in contracts if c["type"] == "layers")
    return layers


# Doors


def imported(source: str) -> Iterator[str]:
    """Top-level names of what a file imports, by statement or by name."""
    for node in ast.walk(tree(source)):
        match node:
            case ast.Import(names=names):
                yield from (alias.name.partition(".")[0] for alias in names)
            case ast.ImportFrom(module=str(module), level=0):
                yield module.partition(".")[0]
            case ast.Call(
                func=(ast.Name(id=called) | ast.Attribute(attr=called)),
                args=[ast.Constant(value=str(module)), *_],
            ) if called in {"import_module", "__import__"}:
                yield module.partition(".")[0]
            case _:
                pass


@pytest.mark.parametrize("package", DOORS)
def test_only_its_own_door_imports(package: str) -> None:
    at_the_door = re.compile(DOORS[package])
    users = [source for source in sources(*ROOMS) if package in imported(source)]
    assert [source for source in users if not at_the_door.match(source)] == []


def test_an_import_by_name_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "sly.py"
    file.write_text("import importlib\nimportlib.import_module('alpaca.trading')\n")
    assert set(imported(str(file))) == {"importlib", "alpaca"}


def floats(source: str) -> Iterator[int]:
    """Lines on which a file writes a float literal or makes a float."""
    for node in ast.walk(tree(source)):
        match node:
            case ast.Constant(value=float(), lineno=line):
                yield line
            case ast.Call(func=ast.Name(id="float"), lineno=line):
                yield line
            case _:
                pass


@pytest.mark.parametrize("source", sorted(set(sources("portfolio")) - WHERE_FLOATS_ARE_MADE))
def test_the_ground_floor_counts_in_decimals(source: str) -> None:
    assert list(floats(source)) == []


# Sizes


@pytest.mark.parametrize("source", sources(*ROOMS, "benchmarks", "scripts", "tests"))
def test_a_file_and_its_functions_fit_the_reader(source: str) -> None:
    limit = MOST_LINES_OF_A_TEST_FILE if source.startswith("tests/") else MOST_LINES_OF_A_FILE
    text = (ROOT / source).read_text(encoding="utf-8")
    assert text.count("\n") <= limit, "a split is overdue"
    long = [
        f"{node.name}: {length} lines"
        for node in ast.walk(tree(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or node.lineno) - node.lineno + 1)
        > MOST_LINES_OF_A_FUNCTION
    ]
    assert long == []


# Papers


def test_nothing_tracked_comes_from_one_machine() -> None:
    """Paths of a developer's machine, or the address of an index, in any tracked file."""
    # Written so that this file does not find itself.
    places = ["/(home|Users)" + "/[a-z]", "/root" + "/", "/work" + "/", "index" + "-url"]
    foreign = re.compile("|".join(rf"(?<![\w.$]){place}" for place in places))
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name in tracked()
        for number, line in enumerate(text_of(name).splitlines(), start=1)
        if foreign.search(line)
    ]
    assert found == []


def text_of(name: str) -> str:
    """A tracked file's text, or nothing when it is binary."""
    raw = (ROOT / name).read_bytes()
    return "" if b"\0" in raw else raw.decode("utf-8")


def test_every_page_that_a_page_links_to_exists() -> None:
    link = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
    missing = [
        f"{page} -> {target}"
        for page in tracked()
        if page.endswith(".md")
        for target in link.findall(text_of(page))
        if not ((ROOT / page).parent / target).exists()
    ]
    assert missing == []


# The lock


LOCKS = ("requirements.lock", "requirements-optimise.lock")
"""The second holds one large extra, on the pins of the first."""


def locked(*names: str) -> dict[str, list[str]]:
    """Requirements of the locks, of all when none is named, each with its hashes."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in names or LOCKS]
    text = "\n".join(texts).replace("\\\n", " ")
    lines = [line.partition("--hash=") for line in text.splitlines() if re.match(r"\w", line)]
    return {line.strip(): re.findall(r"sha256:[0-9a-f]{64}", rest) for line, _, rest in lines}


def test_everything_in_the_lock_has_its_hashes_and_no_address() -> None:
    assert len(locked()) > 50
    assert [requirement for requirement, hashes in locked().items() if not hashes] == []
    for name in LOCKS:
        assert "://" not in (ROOT / name).read_text(encoding="utf-8")


def test_no_two_locks_pin_one_thing_differently() -> None:
    pins: dict[tuple[str, str], set[str]] = {}
    for text in locked():
        pin = Requirement(text)
        pins.setdefault((canonicalize_name(pin.name), str(pin.marker)), set()).add(
            str(pin.specifier)
        )
    assert {name: found for name, found in pins.items() if len(found) > 1} == {}


def wanted() -> list[str]:
    project = PYPROJECT["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return sorted({*project["dependencies"], *extras})


@pytest.mark.parametrize("line", wanted())
def test_the_lock_holds_what_pyproject_asks_for(line: str) -> None:
    """If not: `make lock`."""
    asked = Requirement(line)
    held = [Requirement(text) for text in locked()]
    versions = [
        Version(next(iter(pin.specifier)).version)
        for pin in held
        if canonicalize_name(pin.name) == canonicalize_name(asked.name)
    ]
    assert versions
    assert all(asked.specifier.contains(version) for version in versions)


@pytest.mark.parametrize("line", wanted())
def test_every_dependency_is_bounded(line: str) -> None:
    assert Requirement(line).specifier

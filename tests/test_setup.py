"""`make` on machines that lack something, and after interruptions.

A stand-in `python3` runs the real one, except that `-m venv` lays a stand-in environment whose pip
writes down what it was asked for. So every path of the set-up runs here without a network.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

FAKE_PYTHON = """\
#!/usr/bin/env bash
case "$1 $2" in
"-m venv")
    echo "venv $3" >>"$PWD/calls"
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    ;;
"-m pip")
    echo "${*:2}" >>"$PWD/calls"
    echo "Collecting structlog==26.1.0"
    [ ! -e "$PWD/pip-fails" ] || { echo "no such package" >&2; exit 1; }
    [ ! -e "$PWD/openapi-fails" ] || [[ $* != *openapi* ]] || { echo "no such wheel" >&2; exit 1; }
    ;;
"-c "*) exec REAL -c 'import sys; ALTER; exec(sys.argv[1])' "$2" ;;
*) exec REAL "$@" ;;
esac
"""

OPENAPI = ["pip install --quiet --no-deps --require-hashes -r requirements-openapi.lock"]
LOCK = ["venv .venv", "pip install --require-hashes -r requirements.lock"]
WHOLE = LOCK + OPENAPI
PROJECT = ["pip install --quiet --no-deps --no-build-isolation --editable ."]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clone:
    """A copy of what the set-up reads, and a PATH on which `python3` is the stand-in."""

    folder: Path
    tools: Path

    def python3(self, alter: str = "pass") -> None:
        """Put the stand-in on the PATH; `alter` is what it does before any `-c`."""
        text = FAKE_PYTHON.replace("REAL", sys.executable).replace("ALTER", alter)
        (self.tools / "python3").write_text(text)
        (self.tools / "python3").chmod(0o755)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.tools}:{os.environ['PATH']}"
        variables = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
        return subprocess.run(
            ["make", "--no-print-directory", *(arguments or ("setup",))],
            cwd=self.folder,
            env=variables | {"PATH": path, "PYTHON": "python3"},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What venv and pip were asked for since the last look."""
        log = self.folder / "calls"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    folder, tools = tmp_path / "clone", tmp_path / "tools"
    (folder / "scripts").mkdir(parents=True)
    tools.mkdir()
    locks = ("requirements.lock", "requirements-openapi.lock")
    for name in ("Makefile", "pyproject.toml", *locks, "scripts/setup.sh"):
        shutil.copy(ROOT / name, folder / name)
    made = Clone(folder=folder, tools=tools)
    made.python3()
    return made


def said(refused: subprocess.CompletedProcess[str]) -> str:
    """What the set-up said, without make's own closing line."""
    lines = [line for line in refused.stderr.splitlines() if not line.startswith("make:")]
    return "\n".join(lines)


def test_the_first_set_up_installs_the_lock_by_hash_and_then_the_project(clone: Clone) -> None:
    done = clone.make()
    assert done.returncode == 0, done.stderr
    assert clone.calls() == WHOLE + PROJECT


def test_the_second_set_up_does_and_says_nothing(clone: Clone) -> None:
    clone.make()
    clone.calls()
    again = clone.make()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert clone.calls() == []


def test_an_old_python_gets_one_sentence(clone: Clone) -> None:
    clone.python3("sys.version_info = (3, 9, 18)")
    refused = clone.make("test")
    assert refused.returncode != 0
    assert said(refused) == (
        "trimtab: needs Python 3.11 or newer, and 'python3' is Python 3.9; "
        "install a newer one, or name one: make PYTHON=python3.12 ..."
    )
    assert not (clone.folder / ".venv").exists()


def test_a_python_without_its_venv_module_gets_one_sentence(clone: Clone) -> None:
    clone.python3('sys.modules["ensurepip"] = None')
    refused = clone.make("demo")
    assert refused.returncode != 0
    assert said(refused) == (
        "trimtab: needs Python's venv module, which 'python3' lacks; "
        "on Debian or Ubuntu: apt install python3-venv"
    )


def test_a_machine_without_python_gets_one_sentence(clone: Clone) -> None:
    refused = clone.make("setup", "PYTHON=python-that-is-not-there")
    assert refused.returncode != 0
    assert "'python-that-is-not-there' does not run here" in said(refused)


def test_a_python_named_on_the_command_line_is_the_one_that_is_used(clone: Clone) -> None:
    (clone.tools / "python3").rename(clone.tools / "python3.99")
    done = clone.make("setup", "PYTHON=python3.99")
    assert done.returncode == 0, done.stderr
    assert clone.calls() == WHOLE + PROJECT


def test_an_install_that_failed_is_made_anew_the_next_time(clone: Clone) -> None:
    (clone.folder / "pip-fails").touch()
    failed = clone.make()
    assert failed.returncode != 0
    assert "no such package" in failed.stderr
    clone.calls()
    (clone.folder / "pip-fails").unlink()
    assert clone.make().returncode == 0
    assert clone.calls() == WHOLE + PROJECT


def test_half_an_environment_without_its_stamp_is_made_anew(clone: Clone) -> None:
    leftover = clone.folder / ".venv" / "lib" / "half"
    leftover.mkdir(parents=True)
    assert clone.make().returncode == 0
    assert clone.calls() == WHOLE + PROJECT
    assert not leftover.exists()


def test_a_stamp_cut_short_is_no_stamp(clone: Clone) -> None:
    clone.make()
    clone.calls()
    (clone.folder / ".venv" / "made-from").write_text("")
    assert clone.make().returncode == 0
    assert clone.calls() == WHOLE + PROJECT


def test_a_changed_lock_is_brought_in_without_a_new_environment(clone: Clone) -> None:
    clone.make()
    clone.calls()
    with (clone.folder / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    assert clone.make().returncode == 0
    assert clone.calls() == LOCK[1:] + PROJECT
    assert clone.make().returncode == 0
    assert clone.calls() == []


def test_a_changed_pyproject_installs_the_project_alone(clone: Clone) -> None:
    clone.make()
    clone.calls()
    with (clone.folder / "pyproject.toml").open("a") as pyproject:
        pyproject.write("# another\n")
    assert clone.make().returncode == 0
    assert clone.calls() == PROJECT


def test_a_changed_lock_of_the_specification_fetches_it_alone(clone: Clone) -> None:
    clone.make()
    clone.calls()
    with (clone.folder / "requirements-openapi.lock").open("a") as lock:
        lock.write("# another\n")
    assert clone.make().returncode == 0
    assert clone.calls() == OPENAPI + PROJECT


def test_a_specification_that_cannot_be_fetched_stops_nothing_and_is_said(clone: Clone) -> None:
    (clone.folder / "openapi-fails").touch()
    done = clone.make()
    assert done.returncode == 0
    assert "the tests that need it will be skipped" in done.stderr
    assert clone.calls() == WHOLE + PROJECT


def test_an_update_that_failed_is_made_anew_the_next_time(clone: Clone) -> None:
    clone.make()
    with (clone.folder / "requirements.lock").open("a") as lock:
        lock.write("# another\n")
    (clone.folder / "pip-fails").touch()
    assert clone.make().returncode != 0
    (clone.folder / "pip-fails").unlink()
    clone.calls()
    assert clone.make().returncode == 0
    assert clone.calls() == WHOLE + PROJECT


def test_a_moved_folder_gets_a_new_environment(clone: Clone) -> None:
    """The scripts of an environment begin with the path it was made at."""
    clone.make()
    clone.calls()
    moved = Clone(folder=clone.folder.rename(clone.folder.with_name("moved")), tools=clone.tools)
    assert moved.make().returncode == 0
    assert moved.calls() == WHOLE + PROJECT


def test_an_environment_whose_python_is_gone_is_made_anew(clone: Clone) -> None:
    clone.make()
    clone.calls()
    (clone.folder / ".venv" / "bin" / "python").unlink()
    assert clone.make().returncode == 0
    assert clone.calls() == WHOLE + PROJECT


def test_an_environment_whose_python_became_another_version_is_made_anew(clone: Clone) -> None:
    clone.make()
    clone.calls()
    python = clone.folder / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("pass", "sys.version_info = (3, 98, 0)"))
    assert clone.make().returncode == 0
    assert clone.calls() == WHOLE + PROJECT


def test_make_alone_says_what_can_be_made(clone: Clone) -> None:
    told = clone.make("help").stdout
    assert all(f"make {target} " in told for target in ("demo", "test", "check", "bench", "clean"))
    assert clone.calls() == []

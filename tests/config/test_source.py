"""Files that cannot be read as a configuration, and where keys stand in those that can."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.places import places_of
from config.problems import ConfigurationError
from config.read import read_settings
from tests.support.configurations import SMALLEST, changed, refused

NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root reads everything, so give that up for a moment; others need no change."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def told(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(path)
    assert caught.value.exit_code == 78
    return str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "none.toml"
    assert told(path) == f"{path}: there is no such file. Write it, or name another: {path}."


def test_a_file_that_may_not_be_read_is_told_with_the_cure(tmp_path: Path) -> None:
    path = tmp_path / "core.toml"
    path.write_text(SMALLEST)
    path.chmod(0)
    tmp_path.chmod(0o755)
    with as_nobody():
        problem = told(path)
    assert problem.startswith(f"{path}: this user may not read it. Give it to the user that runs ")
    assert problem.endswith(f" {path}.")


def test_a_folder_or_a_pipe_is_refused_at_once(tmp_path: Path) -> None:
    assert told(tmp_path) == f"{tmp_path}: it is a folder. Name a file in it."
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert told(pipe) == f"{pipe}: it is not a plain file. Name a plain file."


def test_a_path_that_no_disk_knows_is_refused() -> None:
    assert told(Path("a\0b")).endswith(
        ": it cannot be read (not a path). Check the path and the disk."
    )


def test_a_file_over_a_mebibyte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "large.toml"
    path.write_text(SMALLEST + "#" * 1024 * 1024)
    assert told(path) == (
        f"{path}: it is larger than 1 MiB. Name the right file, it is a small one."
    )


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'mode = "dry_run"\n# K\xf6ln\n')
    assert told(path) == f"{path}, line 2: byte 21 is not UTF-8. Save the file as UTF-8 text."


def test_windows_line_ends_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SMALLEST.replace("\n", "\r\n").encode())
    assert read_settings(path).household.name == "core"


@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("= 60", "= = 60", "line 12: column 18", "invalid value"),
        (
            '"stocks"',
            '"stocks',
            "line 11: column 15",
            "the text in quotes does not end on its line",
        ),
        ('"core"', '"core"\nname = "x"', "line 5: column 11", "this is written twice"),
        (
            "[household]",
            "[household",
            "line 3: column 11",
            "expected ']' at the end of a table declaration",
        ),
    ],
)
def test_what_is_not_toml_is_told_with_line_and_column(
    old: str, new: str, place: str, reason: str
) -> None:
    assert refused(changed(old, new)) == [
        (
            f"core.toml, {place} is not TOML: {reason}. "
            "Put it right; a value is a number, true, false, a date, a list or a text in quotes."
        )
    ]


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    assert refused(changed("= 60", "= " + "9" * 5000)) == [
        "core.toml: there is a number with too many digits. Write numbers as a person would."
    ]


def test_lists_nested_without_end_are_refused() -> None:
    assert refused("x = " + "[" * 100_000) == [
        "core.toml: it is nested too deeply. Write lists and tables flat."
    ]


def test_keys_are_found_past_comments_long_texts_lists_and_inline_tables() -> None:
    text = (
        "# first = 1\n"  # 1
        "list = [ # ]\n"  # 2
        "  \"a = 1\", '[b]',\n"  # 3
        "]\n"  # 4
        'long = """\n'  # 5
        "inner = 1\n"  # 6
        '[no.table] \\""" '
        "\n"  # 7
        '"""\n'  # 8
        "dotted . 'key' = { a = [1], b = 2 }\n"  # 9
        "[[slices]]\n"  # 10
        'name = "x # y"\n'  # 11
        "[[slices]]  # second\n"  # 12
        "name = 'z'\n"  # 13
        "[slices.inner]\n"  # 14
        "key = 1\n"  # 15
    )
    assert places_of(text) == {
        ("list",): 2,
        ("long",): 5,
        ("dotted", "key"): 9,
        ("slices", 0): 10,
        ("slices", 0, "name"): 11,
        ("slices", 1): 12,
        ("slices", 1, "name"): 13,
        ("slices", 1, "inner"): 14,
        ("slices", 1, "inner", "key"): 15,
    }


@given(st.text(max_size=200))
def test_looking_for_keys_never_fails_whatever_the_text(text: str) -> None:
    lines = text.count("\n") + 1
    assert all(1 <= line <= lines for line in places_of(text).values())


@given(st.text(alphabet="[]{}\"'=.,#\\ \nab1", max_size=60))
def test_any_text_at_all_is_settings_or_a_configuration_error(text: str) -> None:
    for problem in refused(text):
        assert problem.startswith("core.toml")
        assert problem.endswith((".", "?"))

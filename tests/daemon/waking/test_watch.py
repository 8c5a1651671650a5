"""The watched folder: a complete new file is told of once."""

import os
from pathlib import Path

from daemon.waking.watch import WatchedFolder
from portfolio.wakes import Wake, WakeKind


def dropped(name: str) -> Wake:
    return Wake(kind=WakeKind.FILE, detail=name)


def put(folder: Path, name: str, text: str = "x", *, rested: bool = True) -> Path:
    path = folder / name
    path.write_text(text)
    if rested:
        os.utime(path, (1_700_000_000, 1_700_000_000 + len(text)))
    return path


def test_no_folder_has_no_news() -> None:
    assert WatchedFolder(None).news() == []


def test_a_new_file_that_has_rested_is_told_of_once(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    put(tmp_path, "signal.csv")
    assert folder.news() == [dropped("signal.csv")]
    assert folder.news() == []


def test_what_lay_there_before_is_old_news(tmp_path: Path) -> None:
    put(tmp_path, "old.csv")
    assert WatchedFolder(tmp_path).news() == []


def test_a_file_still_being_written_waits_until_it_rests(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    put(tmp_path, "big.csv", "half", rested=False)
    assert folder.news() == []
    put(tmp_path, "big.csv", "half and more", rested=False)
    assert folder.news() == []
    assert folder.news() == [dropped("big.csv")]


def test_a_file_written_again_is_news_again(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    put(tmp_path, "signal.csv", "one")
    assert folder.news() == [dropped("signal.csv")]
    put(tmp_path, "signal.csv", "three")
    assert folder.news() == [dropped("signal.csv")]


def test_a_file_taken_away_and_put_back_is_news(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    path = put(tmp_path, "signal.csv")
    folder.news()
    path.unlink()
    assert folder.news() == []
    put(tmp_path, "signal.csv")
    assert folder.news() == [dropped("signal.csv")]


def test_hidden_and_part_files_folders_and_links_are_no_news(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    put(tmp_path, ".hidden")
    put(tmp_path, "big.csv.part")
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert folder.news() == []
    assert folder.news() == []


def test_a_folder_that_is_gone_for_a_while_brings_no_old_news_back(tmp_path: Path) -> None:
    inbox, away = tmp_path / "inbox", tmp_path / "away"
    inbox.mkdir()
    put(inbox, "old.csv")
    folder = WatchedFolder(inbox)
    inbox.rename(away)
    assert folder.news() == []
    away.rename(inbox)
    put(inbox, "new.csv")
    assert folder.news() == [dropped("new.csv")]


def test_several_files_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    folder = WatchedFolder(tmp_path)
    for name in ("c", "a", "b"):
        put(tmp_path, name)
    assert folder.news() == [dropped("a"), dropped("b"), dropped("c")]

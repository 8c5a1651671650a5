"""The unit is one that systemd accepts as it stands, and stays as tight as it says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "trimtab@.service"

needs_systemd_analyze = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None,
    reason="systemd-analyze is not installed (Debian: apt install systemd)",
)


def lines() -> list[str]:
    return UNIT.read_text(encoding="utf-8").splitlines()


@needs_systemd_analyze
def test_verify_has_nothing_to_say(tmp_path: Path) -> None:
    """The command is replaced by one that exists here; everything else is checked as it is."""
    unit = tmp_path / UNIT.name
    text = UNIT.read_text(encoding="utf-8")
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    verify = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False
    )
    assert (verify.returncode, verify.stdout, verify.stderr) == (0, "", "")


@needs_systemd_analyze
def test_exposure_is_at_most_one_and_a_half() -> None:
    security = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", str(UNIT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert security.returncode == 0, security.stdout[-200:] + security.stderr


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify",
        "ExecStart=/opt/trimtab/.venv/bin/trimtab run /etc/trimtab/%i.toml",
        "StateDirectory=trimtab/%i",
        "WatchdogSec=180",
        "Restart=always",
        "RestartPreventExitStatus=75 76 77 78",
        "LoadCredential=alpaca.key:/etc/trimtab/credentials/%i/alpaca.key",
        "LoadCredential=alpaca.secret:/etc/trimtab/credentials/%i/alpaca.secret",
    ],
)
def test_the_daemon_and_its_notes_rely_on(line: str) -> None:
    assert line in lines()


def test_the_unit_starts_what_pyproject_installs() -> None:
    assert 'trimtab = "daemon.cli.main:run"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_no_key_is_handed_over_by_environment_or_argument() -> None:
    told = [line for line in lines() if line.startswith(("Environment", "Exec", "PassEnv"))]
    assert not [line for line in told if re.search(r"key|secret|token", line, re.IGNORECASE)]

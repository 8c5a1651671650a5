"""The exit codes are a promise to scripts and to the unit file."""

from daemon.exit_codes import ExitCode


def test_the_documented_numbers_stay() -> None:
    assert {code.name: code.value for code in ExitCode} == {
        "OK": 0,
        "DIFFERS": 1,
        "USAGE": 2,
        "BROKER_UNAVAILABLE": 69,
        "INTERNAL": 70,
        "STATE_UNWRITABLE": 73,
        "DISK": 74,
        "ALREADY_RUNNING": 75,
        "JOURNAL_REFUSED": 76,
        "KEYS_REFUSED": 77,
        "CONFIGURATION": 78,
        "INTERRUPTED": 130,
    }

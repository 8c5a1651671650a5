"""Every alarm that the daemon can raise has its page in the runbook, and every page its alarm."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def alarm_names() -> Iterator[str]:
    """The names in `Alarm(name=...)`, and the ones that settling hands to `_pages`."""
    for path in (ROOT / "daemon").rglob("*.py"):
        module = ast.parse(path.read_text(encoding="utf-8"))
        constants = {
            target.id: node.value.value
            for node in module.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(module):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "_pages":
                given = node.args[2]
            elif node.func.id == "Alarm":
                given = next(k.value for k in node.keywords if k.arg == "name")
            else:
                continue
            if isinstance(given, ast.Constant):
                yield str(given.value)
            elif isinstance(given, ast.Name) and given.id in constants:
                yield str(constants[given.id])


def test_every_alarm_has_its_page_in_the_runbook_and_every_page_its_alarm() -> None:
    text = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    alarms = text[text.index("## Alarms") : text.index("## What is told in other ways")]
    pages = set(re.findall(r"^### (.+)$", alarms, flags=re.MULTILINE))
    assert pages == set(alarm_names())

"""Commands that come before a run: init, adopt, check, promote."""

import typer

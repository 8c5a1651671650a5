#!/usr/bin/env bash
# Makes requirements.lock anew: every dependency of every extra, for every Python from 3.11 on,
# pinned with hashes and without a single address, so that pip can fetch it from any index.
# uv comes from pip into a throw-away environment; the project itself never needs it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3}" -m venv "$tools/venv"
"$tools/venv/bin/python" -m pip install --quiet uv

{
    echo '# Made by "make lock" from pyproject.toml; edit that instead.'
    "$tools/venv/bin/uv" pip compile pyproject.toml --extra dev --extra postgres \
        --universal --generate-hashes --no-header --quiet --upgrade
} >"$tools/requirements.lock"

# The optimiser is large and few want it: its lock stands beside the first, on the same pins.
grep -oE '"skfolio[^"]*"' pyproject.toml | tr -d '"' >"$tools/optimise.in"
{
    echo '# Made by "make lock" from pyproject.toml; edit that instead.'
    "$tools/venv/bin/uv" pip compile "$tools/optimise.in" --constraint "$tools/requirements.lock" \
        --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet
} >"$tools/requirements-optimise.lock"

if grep -nE '[a-z]+://' "$tools/requirements.lock" "$tools/requirements-optimise.lock"; then
    echo 'trimtab: the new lock names an address (above); it was not written' >&2
    exit 1
fi
cp "$tools/requirements.lock" "$tools/requirements-optimise.lock" .

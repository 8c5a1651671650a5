#!/usr/bin/env bash
# Makes .venv complete, or finds that it is. Called by every make target that needs it.
#
# A stamp, written last, holds what the environment was made from. When it fits, this returns in
# a few hundredths of a second. When it does not (never made, interrupted, moved, its Python gone
# or replaced), the environment is made anew; when only the lock or pyproject.toml changed, it is
# brought up to date in place.
#
# Two steps, because pip refuses hashes together with an editable install: everything in the lock
# under --require-hashes, then this project with --no-deps. Between them one wheel is fetched for the
# documents inside it; without it a few tests are skipped, and say so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

PYTHON=${PYTHON:-python3}
VENV=.venv
STAMP=$VENV/made-from
# What the caller's shell may carry that would lead pip or Python out of the environment.
unset PYTHONHOME PYTHONPATH PIP_TARGET PIP_PREFIX PIP_USER
export PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

say() { printf 'trimtab: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

# "3.12" and the like, or a failure when there is no such Python that runs.
version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }

# First line: what forces a new environment. The others: what an update in place can mend.
wanted() {
    printf '%s %s\n' "$PWD" "$1"
    cksum <requirements.lock
    cksum <pyproject.toml
    cksum <requirements-openapi.lock
}

require_python() {
    local found
    found=$(version_of "$PYTHON") ||
        stop "needs Python 3.11 or newer, and '$PYTHON' does not run here; on Debian or Ubuntu: apt install python3 python3-venv"
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        stop "needs Python 3.11 or newer, and '$PYTHON' is Python $found; install a newer one, or name one: make PYTHON=python3.12 ..."
    "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ||
        stop "needs Python's venv module, which '$PYTHON' lacks; on Debian or Ubuntu: apt install python3-venv"
}

# pip's standard output, told as a count; what it says on standard error is shown as it is.
progress() {
    local total line name count=0
    total=$(grep -c '^[a-zA-Z0-9._-]*==' requirements.lock || true)
    while IFS= read -r line; do
        case $line in
        "Collecting "* | "Requirement already satisfied: "*)
            count=$((count + 1))
            name=${line#Collecting }
            name=${name#Requirement already satisfied: }
            if [ -t 2 ]; then
                printf '\r\033[Ktrimtab: fetching %d of %d  %s' "$count" "$total" "${name%%[ =]*}" >&2
            elif [ $((count % 20)) -eq 0 ]; then
                say "fetching $count of $total"
            fi
            ;;
        "Installing collected packages"*)
            [ ! -t 2 ] || printf '\r\033[K' >&2
            say "installing them (half a minute on a slow disk)"
            ;;
        esac
    done
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

install_lock() {
    say "installing the locked dependencies into $VENV"
    "$VENV/bin/python" -m pip install --require-hashes -r requirements.lock | progress ||
        stop "the dependencies could not be installed (pip's reason is above); run the same command again to go on"
}

install_openapi() {
    "$VENV/bin/python" -m pip install --quiet --no-deps --require-hashes -r requirements-openapi.lock ||
        say "Alpaca's specification could not be fetched (pip's reason is above): the tests that need it will be skipped"
}

install_project() {
    "$VENV/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable . ||
        stop "trimtab itself could not be installed into $VENV (pip's reason is above)"
}

make_new() {
    require_python
    rm -rf "$VENV"
    say "making $VENV with $("$PYTHON" --version 2>&1)"
    "$PYTHON" -m venv "$VENV" ||
        stop "'$PYTHON -m venv' failed (its reason is above); on Debian or Ubuntu: apt install python3-venv"
    install_lock
    install_openapi
    install_project
}

# line FILE-CONTENT NUMBER
line() { printf '%s\n' "$1" | sed -n "$2p"; }

main() {
    local version stamp want
    version=$(version_of "$VENV/bin/python") || version=none
    stamp=$(cat "$STAMP" 2>/dev/null) || stamp=
    want=$(wanted "$version")
    [ "$stamp" != "$want" ] || return 0
    rm -f "$STAMP"    # from here on an interruption means: made anew the next time
    if [ "$version" = none ] || [ "$(line "$stamp" 1)" != "$(line "$want" 1)" ]; then
        make_new
        want=$(wanted "$(version_of "$VENV/bin/python")")
    else
        [ "$(line "$stamp" 2)" = "$(line "$want" 2)" ] || install_lock
        [ "$(line "$stamp" 4)" = "$(line "$want" 4)" ] || install_openapi
        install_project
    fi
    printf '%s\n' "$want" >"$STAMP.new"
    mv "$STAMP.new" "$STAMP"
    say "$VENV is ready"
}

# Two makes at once in one folder wait for each other, where the system can say so.
if command -v flock >/dev/null 2>&1; then
    exec 9>.venv.lock
    flock 9
fi
main

#!/usr/bin/env bash
# Runs other backtesters on the same work, side by side with ours. Each has an environment of its own
# under .peers, made once from a lock with hashes; nothing of it reaches .venv.
# With --vanguard it prints the shape of a published table from French's factors instead.
# `scripts/bench-peers.sh --lock` makes the locks anew from the versions named here.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

peers=(bt==1.4.1 vectorbt==1.2.0)
data=(skfolio==1.12.2 arch==8.0.0)   # for their price histories; downloaded and never installed
python="${PYTHON:-python3}"

lock() {
    local tools
    tools=$(mktemp -d)
    "$python" -m venv "$tools/venv"
    "$tools/venv/bin/python" -m pip install --quiet uv
    for pinned in "${peers[@]}"; do
        echo "$pinned" | "$tools/venv/bin/uv" pip compile - --universal --python-version 3.11 \
            --generate-hashes --no-header --no-annotate --quiet >"benchmarks/peers/${pinned%%=*}.lock"
    done
    printf '%s\n' "${data[@]}" | "$tools/venv/bin/uv" pip compile - --no-deps --universal --python-version 3.11 \
        --generate-hashes --no-header --no-annotate --quiet >benchmarks/peers/data.lock
    rm -rf "$tools"
}

if [[ "${1:-}" == --lock ]]; then
    lock
    exit
fi

if ! cmp -s benchmarks/peers/data.lock .peers/wheels/installed.lock; then
    rm -rf .peers/wheels
    "$python" -m pip download --quiet --no-deps --require-hashes -r benchmarks/peers/data.lock \
        -d .peers/wheels
    cp benchmarks/peers/data.lock .peers/wheels/installed.lock
fi
if [[ "${1:-}" == --vanguard ]]; then
    exec .venv/bin/python -m benchmarks.vanguard
fi
for pinned in "${peers[@]}"; do
    name="${pinned%%=*}" home=".peers/${pinned%%=*}"
    if ! cmp -s "benchmarks/peers/$name.lock" "$home/installed.lock"; then
        echo "trimtab: installing $pinned into $home, once" >&2
        rm -rf "$home"
        "$python" -m venv "$home"
        "$home/bin/python" -m pip install --quiet --require-hashes -r "benchmarks/peers/$name.lock"
        cp "benchmarks/peers/$name.lock" "$home/installed.lock"
    fi
done
exec .venv/bin/python -m benchmarks.peering "$@"

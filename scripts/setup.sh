#!/usr/bin/env bash
# Builds .venv from requirements.lock. Fetches uv into .venv where the machine has none that works.
# `--which-uv` only prints the uv that it would use.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11 python3; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "setup: Towline needs Python 3.11, 3.12 or 3.13; set PYTHON to one of them" >&2
    return 1
}

find_uv() {
    local candidate
    for candidate in .venv/bin/uv uv; do
        if "$candidate" --version >/dev/null 2>&1; then
            echo "$candidate"
            return
        fi
    done
    return 1
}

make_venv() {
    local python
    python=$(find_python)
    # Debian's Python has no ensurepip without python3-venv, and its pip refuses to install for the system: --python leads around both.
    "$python" -m venv --without-pip --clear .venv
    find_uv >/dev/null || "$python" -m pip --python .venv/bin/python install --quiet uv
}

if [ "${1:-}" = --which-uv ]; then
    find_uv
    exit
fi
[ -x .venv/bin/python ] && find_uv >/dev/null || make_venv
uv=$(find_uv)
echo "setup: installing what requirements.lock names"
"$uv" pip install --quiet --python .venv/bin/python --require-hashes --compile-bytecode -r requirements.lock
"$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .

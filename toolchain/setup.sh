#!/bin/sh
# Installs Python and Node packages into the checkout. Usage: toolchain/setup.sh VENV (see `make setup`).
set -eu

venv=$1
python_versions='Python 3.11 or 3.12'

stop() {
    echo "setup: $1" >&2
    exit 1
}

is_usable_python() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null
}

find_python() {
    for candidate in ${PYTHON:-python3 python3.12 python3.11}; do
        if is_usable_python "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    if [ -n "${PYTHON:-}" ]; then
        stop "PYTHON=$PYTHON is not $python_versions"
    fi
    stop "install $python_versions, or name one: make setup PYTHON=/path/to/python3.12"
}

python=$(find_python)
"$python" -c 'import venv, ensurepip' 2>/dev/null || stop "$python lacks the venv module; install it (Debian, Ubuntu: apt install python3-venv)"
node=$(node --version 2>/dev/null) || stop "install Node.js 20 or newer"
[ "$(echo "$node" | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] || stop "Node.js $node is too old; install 20 or newer"
npm --version >/dev/null 2>&1 || stop "install npm, which belongs to Node.js"

echo "setup: Node packages" >&2
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2

echo "setup: Python packages ($("$python" --version))" >&2
rm -rf "$venv"
"$python" -m venv "$venv"
pip() {
    "$venv/bin/python" -m pip --quiet --quiet --disable-pip-version-check install "$@" >&2
}
pip --require-hashes -r requirements/build.txt
pip --require-hashes --no-build-isolation -r requirements/dev.txt
pip --no-deps --no-build-isolation --editable toolchain
pip --no-deps --no-build-isolation --editable .

echo "setup: links from $venv to the tools in node_modules" >&2
"$venv/bin/python" toolchain/link_tools.py
echo "setup: done" >&2

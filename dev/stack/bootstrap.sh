#!/usr/bin/env bash
# Makes .local/venv: a Python environment with everything in requirements.txt and requirements-dev.txt, by hash.
# Does nothing, at once, when the lock files and the Python have not changed. The rest of the stack is Python.
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=.local/venv
# Called from a shell where that very environment is active: it must not be made by its own Python.
PATH=${PATH//"$PWD/$venv/bin:"/}
log=.local/bootstrap.log

fail() {
    echo "make stopped: $*" >&2
    exit 1
}

# "  … title  12 s" while a command runs, then its tick; on failure the end of its log and the advice.
step() {
    local title=$1 advice=$2 begun=$SECONDS pid
    shift 2
    if [ ! -t 2 ]; then echo "  … $title" >&2; fi
    "$@" >>"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.5
        if [ -t 2 ]; then printf '\r\033[K  … %s  %d s' "$title" $((SECONDS - begun)) >&2; fi
    done
    if [ -t 2 ]; then printf '\r\033[K' >&2; fi
    if wait "$pid"; then
        printf '  ✓ %s  %d s\n' "$title" $((SECONDS - begun)) >&2
    else
        printf '  ✗ %s  %d s\n' "$title" $((SECONDS - begun)) >&2
        tail -n 12 "$log" | sed 's/^/    /' >&2
        fail "$advice"
    fi
}

find_python() {
    local candidate
    for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    fail "Python 3.11, 3.12 or 3.13 is needed and none is on PATH: install one (Debian 12+, Ubuntu 24.04+: apt-get install python3), or name it with PYTHON=..."
}

# Debian and Ubuntu ship Python without the part that makes environments.
ensure_venv_module() {
    local package="python$version-venv" root=()
    "$python" -c 'import ensurepip, venv' 2>/dev/null && return
    command -v apt-get >/dev/null || fail "this Python cannot make environments (no ensurepip): install $package."
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "$package is missing, and this user is not root and has no sudo: as root run  apt-get install $package"
        root=(sudo -n env DEBIAN_FRONTEND=noninteractive)
        sudo -n true 2>/dev/null || sudo -v || fail "$package is missing and sudo refused: as root run  apt-get install $package"
    fi
    export DEBIAN_FRONTEND=noninteractive
    step "package lists: apt-get update" "no network, or no right to use apt: as root run  apt-get install $package" \
        "${root[@]}" apt-get update -q
    step "apt-get install $package" "apt could not install it: as root run  apt-get install $package" \
        "${root[@]}" apt-get install -y -q --no-install-recommends "$package"
}

make_venv() {
    local offline="no network, or the package index refuses: see $log, then try again"
    # Servers of a running demo use this environment: a new lock file is installed over it, a new Python replaces it.
    if [ "$(cat "$venv/.python" 2>/dev/null || true)" != "$version" ]; then
        rm -rf "$venv"
        step "Python $version environment" "see $log" "$python" -m venv "$venv"
        echo "$version" >"$venv/.python"
    fi
    # uv's own hashes come from the lock file; it then installs the rest ten times faster than pip.
    awk '/^uv==/ {found = 1} found {print} found && !/\\$/ {exit}' requirements-dev.txt >.local/uv.txt
    step "uv" "$offline" "$venv/bin/python" -m pip install -q --require-hashes -r .local/uv.txt
    # uv does not read pip's configuration: an index that the machine's pip uses is passed on.
    UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${PIP_INDEX_URL:-$("$venv/bin/python" -m pip config get global.index-url 2>/dev/null || true)}}
    if [ -n "$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX; else unset UV_DEFAULT_INDEX; fi
    export UV_CACHE_DIR=$PWD/.local/cache/uv
    step "Airflow 3.3 and $(grep -c == requirements.txt) packages, by hash" "$offline" \
        "$venv/bin/python" -m uv pip install -q --python "$venv/bin/python" --require-hashes \
        -r requirements.txt -r requirements-dev.txt
}

mkdir -p .local/cache
chmod 711 .local
# `make -j demo test` comes here twice at once.
exec 9>.local/bootstrap.lock
flock 9

python=$(find_python)
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
stamp="$version $(cat requirements.txt requirements-dev.txt | sha256sum)"
if [ "$(cat "$venv/.stamp" 2>/dev/null || true)" != "$stamp" ]; then
    free=$(df --output=avail -k .local | tail -n 1)
    [ "$free" -gt 5000000 ] || fail "the disk of $PWD has $((free / 1024)) MB free and the first start needs 5000: free some, or clone on a larger one."
    ensure_venv_module
    make_venv
    echo "$stamp" >"$venv/.stamp"
fi

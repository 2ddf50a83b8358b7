#!/usr/bin/env bash
# Runs the tests that need a database server, on a private one, and stops it.
set -euo pipefail
cd "$(dirname "$0")/../.."
BIN=${BIN:-.venv/bin}
if [ -n "${HOLDBACK_TEST_POSTGRES:-}" ]; then
    exec "$BIN/python" -m pytest -q -m engines tests/engines
fi
folder=$(mktemp -d)
trap 'tests/engines/start_postgres.sh --stop "$folder"' EXIT
HOLDBACK_TEST_POSTGRES=$(tests/engines/start_postgres.sh "$folder")
export HOLDBACK_TEST_POSTGRES
"$BIN/python" -m pytest -q -m engines tests/engines

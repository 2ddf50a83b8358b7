#!/bin/sh
# Starts a private PostgreSQL on a free loopback port and prints its URL.
#
#   start_postgres.sh FOLDER        installs it if needed (apt-get, as root), starts it
#   start_postgres.sh --stop FOLDER stops it and removes its data
#
# The server runs as an unprivileged user and listens on 127.0.0.1 alone.
set -eu

if [ "${1:-}" = "--stop" ]; then
    folder=$2
    if [ -f "$folder/data/postmaster.pid" ]; then
        kill -INT "$(head -n 1 "$folder/data/postmaster.pid")" 2>/dev/null || true
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            [ -f "$folder/data/postmaster.pid" ] || break
            sleep 0.5
        done
    fi
    rm -rf "$folder"
    exit 0
fi

folder=$1
find_initdb() {
    command -v initdb 2>/dev/null && return
    ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n 1
}
initdb=$(find_initdb)
if [ -z "$initdb" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "PostgreSQL is not installed; install it (apt-get install postgresql)" >&2
        exit 5
    fi
    apt-get update -qq >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >&2
    initdb=$(find_initdb)
fi
bin=$(dirname "$(readlink -f "$initdb")")
if [ ! -x "$bin/pg_ctl" ]; then
    bin=$(dirname "$(ls -d /usr/lib/postgresql/*/bin/pg_ctl | sort -V | tail -n 1)")
fi

mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
as_user() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    chown "$user" "$folder"
    as_user() { (cd / && setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"); }
fi
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
# A language's collation, where the server has one: text must not depend on it.
init() { as_user "$bin/initdb" -D "$folder/data" -U holdback -A trust -E UTF8 --locale=C.UTF-8 "$@" >"$folder/initdb.log" 2>&1; }
init --locale-provider=icu --icu-locale=en-US || init || {
    cat "$folder/initdb.log" >&2
    exit 5
}
as_user "$bin/pg_ctl" -D "$folder/data" -w -l "$folder/data/server.log" \
    -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off -c max_connections=20" \
    start >"$folder/start.log" 2>&1 || {
    cat "$folder/start.log" "$folder/data/server.log" >&2
    exit 5
}
echo "postgresql://holdback@127.0.0.1:$port/postgres"

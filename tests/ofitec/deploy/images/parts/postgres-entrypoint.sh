#!/bin/bash
# What this project uses of the official postgres image's entrypoint: the first start makes the cluster with the
# superuser's password from a file, then PostgreSQL serves.
set -euo pipefail
if [ "$1" != postgres ]; then
    exec "$@"
fi
: "${PGDATA:=/var/lib/postgresql/data}" "${POSTGRES_USER:=postgres}"
export PGDATA
if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA" /var/run/postgresql
    chown postgres: "$PGDATA" /var/run/postgresql
    install -o postgres -m 0400 "$POSTGRES_PASSWORD_FILE" /run/postgres-password
    POSTGRES_PASSWORD_FILE=/run/postgres-password exec setpriv --reuid=postgres --regid=postgres --init-groups \
        "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    chmod 0700 "$PGDATA"
    initdb --username="$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-host=scram-sha-256 \
        --auth-local=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync > /dev/null
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf"
fi
exec postgres -c listen_addresses='*' "${@:2}"

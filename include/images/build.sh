#!/bin/sh
# Builds an image of ours on its base by digest:  include/images/build.sh odoo 19.0 TAG   or   ... airflow TAG
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
base() {
    found=$(sed -n "s/^$1=//p" "$root/include/images/bases.env")
    case $found in
        *@sha256:*) printf '%s' "$found" ;;
        *) echo "bases.env gives no digest for $1: run include/images/lock.sh" >&2; return 1 ;;
    esac
}
revision=$(git -C "$root" rev-parse HEAD 2> /dev/null || echo unknown)
case ${1:-} in
    odoo)
        from=$(base "ODOO_$(printf '%s' "$2" | tr . _)")
        exec docker build --file "$root/include/images/odoo/Dockerfile" --build-arg "SERIES=$2" \
            --build-arg "BASE=$from" --build-arg "REVISION=$revision" --build-arg "EXTRAS=${EXTRAS:-none}" \
            --tag "$3" "$root"
        ;;
    airflow)
        from=$(base AIRFLOW)
        restic=$(base RESTIC)
        exec docker build --file "$root/include/images/airflow/Dockerfile" --build-arg "BASE=$from" \
            --build-arg "RESTIC=$restic" --build-arg "REVISION=$revision" --build-arg "EXTRAS=${EXTRAS:-none}" \
            --tag "$2" "$root"
        ;;
    *)
        echo "usage: build.sh odoo 16.0|19.0 TAG | airflow TAG" >&2
        exit 2
        ;;
esac

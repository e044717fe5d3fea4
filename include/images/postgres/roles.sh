#!/bin/bash
# First start of PostgreSQL: one role a program, each with the password of its own secret file.
#   odoo    owns Odoo's databases and may create more (the clone that an upgrade runs on)
#   airflow and ofitec own Airflow's metadata and the ledger
set -euo pipefail

# The password enters by psql's own variables from its standard input, never by an argument.
role() {
    local name=$1 rights=$2 secret
    secret=$(cat "/run/secrets/${name}_db_password")
    psql --username "$POSTGRES_USER" --dbname postgres --quiet --set ON_ERROR_STOP=1 <<SQL
\set password '$secret'
CREATE ROLE $name LOGIN $rights PASSWORD :'password';
SQL
}

role odoo CREATEDB
if [ -f /run/secrets/airflow_db_password ]; then
    role airflow ""
    role ofitec ""
    psql --username "$POSTGRES_USER" --dbname postgres --quiet --set ON_ERROR_STOP=1 <<SQL
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE ofitec OWNER ofitec;
SQL
fi

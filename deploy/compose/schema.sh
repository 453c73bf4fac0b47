#!/bin/sh
# Creates Temporal's two databases where they are missing, and updates their schema. Each start runs it again: what is
# there already is left as it is, which is also the way to a new version. The password is in SQL_PASSWORD.
set -eu

tool() {
  temporal-sql-tool --plugin postgres12 --ep postgres --port 5432 --user temporal --db "$@"
}

set_up() { # database, folder of its schema
  tool "$1" create
  tool "$1" setup-schema --version 0.0
  tool "$1" update-schema --schema-dir "/etc/temporal/schema/postgresql/v12/$2/versioned"
}

set_up temporal temporal
set_up temporal_visibility visibility

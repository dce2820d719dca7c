#!/bin/sh
# Starts PgBouncer with the settings in the file $1, in the foreground and from a copy in the working directory.
# Releases from 1.21 on can track prepared statements, and from 1.24 on do; without it they break in every release.
set -eu

known=$(pgbouncer --version | sed -n 's/^PgBouncer 1\.\([0-9]*\).*/\1/p')
cp "$1" pgbouncer.ini
if [ "${known:-99}" -ge 21 ]; then
  echo 'max_prepared_statements = 0' >>pgbouncer.ini
fi
exec pgbouncer pgbouncer.ini

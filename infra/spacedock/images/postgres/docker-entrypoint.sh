#!/usr/bin/env bash
# Obeys what the official image documents (docker-library/docs, postgres): POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB
# (each also as a file, with _FILE), POSTGRES_INITDB_ARGS, POSTGRES_HOST_AUTH_METHOD, PGDATA, and
# /docker-entrypoint-initdb.d.
set -euo pipefail

from_file_too() {
  local name=$1 file="${1}_FILE"
  if [[ -n ${!file:-} ]]; then
    printf -v "$name" '%s' "$(<"${!file}")"
  fi
}

create_cluster() {
  local user=$1 password=$2 method=$3
  # shellcheck disable=SC2086 # several arguments in one variable, as in the official image
  initdb --username="$user" --pwfile=<(printf '%s\n' "$password") ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

run_scripts() {
  local user=$1 database=$2 file
  local psql=(psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$user" --no-password)
  if [[ $database != postgres ]]; then
    "${psql[@]}" --dbname postgres --set db="$database" <<<'CREATE DATABASE :"db";'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) bash "$file" ;;
      *.sql) "${psql[@]}" --dbname "$database" --file "$file" ;;
      *.sql.gz) gunzip --stdout "$file" | "${psql[@]}" --dbname "$database" ;;
    esac
  done
}

initialise() {
  from_file_too POSTGRES_USER
  from_file_too POSTGRES_PASSWORD
  from_file_too POSTGRES_DB
  local user=${POSTGRES_USER:-postgres} password=${POSTGRES_PASSWORD:-} method=${POSTGRES_HOST_AUTH_METHOD:-}
  if [[ -z $password && $method != trust ]]; then
    echo >&2 'Error: Database is uninitialized and superuser password is not specified: set POSTGRES_PASSWORD.'
    exit 1
  fi
  create_cluster "$user" "$password" "${method:-scram-sha-256}"
  # For the set-up the server listens on its socket only: whoever sees the port open sees a database that is ready.
  PGUSER=$user pg_ctl --silent --wait --options "$(printf '%q ' "${@:2}" -c listen_addresses=)" start
  run_scripts "$user" "${POSTGRES_DB:-$user}"
  PGUSER=$user pg_ctl --silent --wait --mode fast stop
}

[[ ${1:-} != -* ]] || set -- postgres "$@"

if [[ ${1:-} == postgres && $(id -u) == 0 ]]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" ! -user postgres -exec chown postgres {} +
  chmod 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups bash "${BASH_SOURCE[0]}" "$@"
fi

if [[ ${1:-} == postgres && ! -s $PGDATA/PG_VERSION ]]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  initialise "$@"
fi

exec "$@"

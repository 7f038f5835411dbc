#!/usr/bin/env bash
# Prefect's server on PostgreSQL, a worker of finercam-process and an S3 server, on this machine alone. Ctrl-C ends them.
#   bash deploy/stack/stack.sh [FOLDER]    with FOLDER everything is kept there, and the next call goes on with it
# Ports: PREFECT_PORT (4200), S3_PORT (9000). Runs of the worker see paths from the folder in which this is called.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=$(cd "${VENV:-$here/../../.venv}" && pwd)
bin=$venv/bin
export PREFECT_PORT=${PREFECT_PORT:-4200} S3_PORT=${S3_PORT:-9000}
export PREFECT=$bin/prefect STACK_BIN=$venv/stack/bin STACK_WORK=$PWD STACK_USER POSTGRES_USER POSTGRES_BIN STACK
STACK_USER=$(id -un)
POSTGRES_USER=$STACK_USER
[ "$STACK_USER" != root ] || POSTGRES_USER=postgres # PostgreSQL refuses to run as root

say() { echo "$*" >&2; }
as_postgres() { if [ "$POSTGRES_USER" = "$STACK_USER" ]; then "$@"; else setpriv --reuid postgres --regid postgres --clear-groups "$@"; fi; }
find_postgres() {
  local place
  POSTGRES_BIN=
  for place in $(dirname "$(command -v initdb || echo /none/initdb)") /usr/pgsql-*/bin /usr/lib/postgresql/*/bin; do
    [ ! -x "$place/initdb" ] || [ ! -x "$place/postgres" ] || POSTGRES_BIN=$place
  done
}

install() {
  find_postgres
  if [ -z "$POSTGRES_BIN" ]; then
    if [ "$STACK_USER" != root ] || ! command -v apt-get >/dev/null; then
      say "make stack needs PostgreSQL: install the package postgresql (as root: apt-get install postgresql)."
      exit 1
    fi
    say "Installing PostgreSQL."
    mkdir -p /etc/postgresql-common/createcluster.d
    echo "create_main_cluster = false # only the one of make stack" >/etc/postgresql-common/createcluster.d/finercam.conf
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null
    find_postgres
  fi
  if ! cmp -s "$here/requirements.txt" "$venv/stack/installed.txt"; then
    "$bin/python" -m venv "$venv/stack"
    "$STACK_BIN/python" -m pip install --quiet --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/stack/installed.txt"
  fi
}

free() { # a port that something answers at is not ours to take
  if (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; then
    say "Port $2 is taken: end what listens there, or choose another with $1=…"
    exit 1
  fi
}

prepare() {
  umask 077
  STACK=${1:-$(mktemp -d)}
  mkdir -p "$STACK" && STACK=$(cd "$STACK" && pwd)
  [ $# -gt 0 ] || trap 'rm -rf "$STACK"' EXIT
  chmod 711 "$STACK"
  mkdir -p "$STACK/log" "$STACK/objects"
  if [ ! -e "$STACK/database/PG_VERSION" ]; then
    mkdir -p "$STACK/database" && chown "$POSTGRES_USER" "$STACK/database"
    as_postgres test -x "$STACK/database" || {
      say "$POSTGRES_USER cannot enter $STACK, and PostgreSQL does not run as root: give a folder that others may enter."
      exit 1
    }
    (cd "$STACK/database" && as_postgres "$POSTGRES_BIN/initdb" --username prefect --auth trust --encoding UTF8 \
      --pgdata "$STACK/database") >"$STACK/log/initdb.log" || { cat "$STACK/log/initdb.log" >&2; exit 1; }
  fi
  [ -e "$STACK/login" ] || echo "finercam:$("$bin/python" -c 'import secrets; print(secrets.token_urlsafe(24))')" >"$STACK/login"
  cat >"$STACK/environment" <<END
export PREFECT_API_URL=http://127.0.0.1:$PREFECT_PORT/api PREFECT_API_AUTH_STRING=$(cat "$STACK/login")
export AWS_ENDPOINT_URL=http://127.0.0.1:$S3_PORT AWS_ACCESS_KEY_ID=stack AWS_SECRET_ACCESS_KEY=stack AWS_DEFAULT_REGION=us-east-1
END
}

ready() { # NAME COMMAND …: waits until the command succeeds
  local name=$1 until=$((SECONDS + 180))
  shift
  until "$@" >/dev/null 2>&1; do
    kill -0 "$supervisor" 2>/dev/null && [ $SECONDS -lt $until ] || { say "$name did not start:"; tail -20 "$STACK/log/$name.log" >&2; exit 1; }
    sleep 0.5
  done
}

answers() { "$bin/python" -c 'import sys, urllib.request as u; u.urlopen(sys.argv[1], timeout=5)' "$1"; }
control() { "$STACK_BIN/supervisorctl" -c "$here/supervisord.conf" "$@"; }

begin() {
  "$STACK_BIN/supervisord" -c "$here/supervisord.conf" &
  supervisor=$!
  trap 'end' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  ready s3 answers "$AWS_ENDPOINT_URL/_ministack/health"
  "$bin/python" -c 'import fsspec; s3 = fsspec.filesystem("s3"); s3.exists("finercam") or s3.mkdir("finercam")'
  ready server answers "$PREFECT_API_URL/health"
  "$PREFECT" --no-prompt work-pool inspect finercam-process >/dev/null 2>&1 ||
    "$PREFECT" --no-prompt work-pool create finercam-process --type process >/dev/null
  control start worker >/dev/null
}

end() {
  trap - EXIT INT TERM
  kill "$supervisor" 2>/dev/null || true
  wait "$supervisor" || true
  [ -n "$kept" ] || rm -rf "$STACK"
}

kept=${1:-}
install
free PREFECT_PORT "$PREFECT_PORT"
free S3_PORT "$S3_PORT"
prepare "$@"
# shellcheck disable=SC1091
source "$STACK/environment"
export PREFECT_HOME=$STACK/prefect PREFECT_SERVER_API_AUTH_STRING=$PREFECT_API_AUTH_STRING
export PREFECT_SERVER_DATABASE_CONNECTION_URL="postgresql+asyncpg://prefect@/postgres?host=$STACK/database"
begin
cat <<END
Ready: Prefect on http://127.0.0.1:$PREFECT_PORT, log in with $STACK/login; objects at s3://finercam. In another terminal:
  source $STACK/environment
  finercam serve --init      # then enter catalog, classifier, store: s3://finercam/maps.zarr
  prefect deploy --all && prefect deployment run annotate/nightly
What each part says is in $STACK/log; Ctrl-C ends all of them$([ -n "$kept" ] || echo ", and removes what they kept").
END
wait "$supervisor"

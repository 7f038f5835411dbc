#!/usr/bin/env bash
# Checks, tests and builds the script of the live atlas. Without Node the atlas keeps its printed maps.
set -euo pipefail
cd "$(dirname "$0")"
if ! command -v npm >/dev/null; then
  echo "The live atlas is left out: its script needs Node.js 18 or later with npm." >&2
  exit "${FINERCAM_REQUIRE_WEB:-0}"
fi
npm ci --silent
npm run --silent check
npm test --silent >build.log 2>&1 || { cat build.log >&2; exit 1; }
rm -f build.log
npm run --silent build

#!/usr/bin/env bash
# System packages of a virtual screen and of a browser for the tests, and as root Node.js: installed where apt-get may, else named.
# What else is needed is given as arguments.
set -euo pipefail
packages=(xvfb xauth libgl1 libegl1 libopengl0 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4
  libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0)
packages+=("$@")
browser=(chromium chromium-driver)
missing=()
if command -v dpkg-query >/dev/null; then
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
else
  command -v xvfb-run >/dev/null || missing+=("${packages[@]}")
fi
# A browser may come from elsewhere than from a package of this name.
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing+=("${browser[0]}")
command -v chromedriver >/dev/null || missing+=("${browser[1]}")
[ "$(id -u)" != 0 ] || command -v npm >/dev/null || missing+=(nodejs npm)
[ ${#missing[@]} -eq 0 ] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing for the tests: ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
else
  echo "The tests of napari and of the atlas need a virtual screen and a browser. Please install: ${missing[*]}" >&2
  exit 1
fi

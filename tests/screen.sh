#!/usr/bin/env bash
# System packages of a virtual screen for the napari tests: installed where apt-get may, else named.
set -euo pipefail
packages=(xvfb xauth libgl1 libegl1 libopengl0 libdbus-1-3 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4
  libxcb-image0 libxcb-keysyms1 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0)
if command -v dpkg-query >/dev/null; then
  missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
  done
else
  missing=("${packages[@]}")
  command -v xvfb-run >/dev/null && missing=()
fi
[ ${#missing[@]} -eq 0 ] && exit 0
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  echo "Installing a virtual screen: ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
else
  echo "The napari tests need a virtual screen. Please install: ${missing[*]}" >&2
  exit 1
fi

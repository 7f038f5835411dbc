#!/usr/bin/env bash
# One data set of the paper, from images to figures: bash docs/paper.sh CATALOG OUT [options of `finercam train`]
# CLASSIFIER=clip.toml uses that classifier instead of training one.
set -euo pipefail
catalog=$1 out=$2
shift 2
if [ $# -eq 0 ]; then set -- --model vit_base_patch16_clip_224.openai; fi
classifier=${CLASSIFIER:-$out/classifier}
if [ -z "${CLASSIFIER:-}" ] && [ ! -d "$classifier" ]; then
    finercam train "$catalog" --mode probe --out "$classifier" "$@"
fi
finercam annotate "$catalog" --classifier "$classifier" --store "$out/maps.zarr" --references 3 --references-by cosine
finercam evaluate "$out/maps.zarr" --out "$out/evaluation" --classifier "$classifier" --limit 0 --beside paper

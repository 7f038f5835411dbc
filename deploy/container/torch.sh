#!/bin/sh
# torch for a device: torch.sh DEVICE PYTHON CONSTRAINTS, with TORCH_INDEX as the address of torch's packages for the CPU.
# Without it the CPU variant holds the packages of CUDA as well: it runs, and is several GB larger.
set -eu
device=$1 python=$2 constraints=$3
case $device in
    cuda) exit 0 ;;  # what torch on Linux brings by itself
    cpu) ;;
    *) echo "DEVICE is $device, and must be cpu or cuda" >&2; exit 2 ;;
esac
if [ -z "${TORCH_INDEX:-}" ]; then
    echo "without TORCH_INDEX the image will hold the packages of CUDA as well" >&2
    exit 0
fi
version=$(sed -n 's/^torch==//p' "$constraints")
vision=$(sed -n 's/^torchvision==//p' "$constraints")
exec "$python" -m pip install --index-url "$TORCH_INDEX" "torch==$version" "torchvision==$vision"

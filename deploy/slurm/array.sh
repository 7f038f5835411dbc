#!/bin/bash
# Eight tasks that share a store: sbatch deploy/slurm/array.sh CATALOG CLASSIFIER STORE [options of annotate]
# A task that is preempted or whose node is lost is queued again, and goes on with what is left; so do the others.
#SBATCH --job-name=finercam
#SBATCH --array=0-7
#SBATCH --cpus-per-task=16
#SBATCH --mem=32G
#SBATCH --gpus-per-task=1
#SBATCH --requeue
#SBATCH --signal=TERM@60
#SBATCH --output=finercam-%A-%a.log
set -euo pipefail
catalog=$1 classifier=$2 store=$3
shift 3
export FINERCAM_LOG=json
exec finercam annotate "$catalog" --classifier "$classifier" --store "$store" --share "$@"

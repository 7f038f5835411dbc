#!/bin/bash
# Eight tasks that share a store: sbatch deploy/slurm/array.sh CATALOG CLASSIFIER STORE [options of annotate]
# A task that is preempted, whose node is lost or whose time is up is queued again, and goes on with what is left.
#SBATCH --job-name=finercam
#SBATCH --array=0-7
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=16
#SBATCH --mem=32G
#SBATCH --gpus-per-task=1
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:USR1@60
#SBATCH --output=finercam-%A-%a.log
set -euo pipefail
catalog=$1 classifier=$2 store=$3
shift 3
export FINERCAM_LOG=json
# Where no Prefect server is named each task keeps its records to itself: tasks that start together, or a home folder on a
# network, break one SQLite file.
scratch=$(mktemp -d)
export PREFECT_API_DATABASE_CONNECTION_URL="sqlite+aiosqlite:///$scratch/prefect.db"
again=false
finercam annotate "$catalog" --classifier "$classifier" --store "$store" --share "$@" &
run=$!
# A minute before its time is up Slurm sends USR1; when it preempts or cancels a task, TERM, and queues it again by itself.
trap 'again=true; kill -TERM $run' USR1
trap 'kill -TERM $run' TERM
code=0
wait $run || code=$?
while kill -0 $run 2>/dev/null; do # a signal ends `wait`, not the run
  code=0
  wait $run || code=$?
done
rm -rf "$scratch"
if $again && [ "$code" != 0 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
exit "$code"

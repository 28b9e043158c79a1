#!/bin/sh
# All experiments in parts, by GNU parallel: on this machine, or on others by ssh (--sshlogin host1,host2, with
# tamegrad at the same place). Run again, it goes on: parts that ended are not run a second time, parts that failed are.
#
#   scripts/experiments-parallel.sh PARTS [SEEDS] [options of parallel]
set -eu
parts=${1:?how many parts}
seeds=${2:-1}
shift "$(($# > 1 ? 2 : 1))"
here=$(cd "$(dirname "$0")/.." && pwd)
# Parts of another cut, or of other seeds, are no parts of this run.
out=experiments-out/$parts-$seeds
mkdir -p "$out"
# An experiment that does not confirm its claim is a result, not a failure of its part: 1 is no reason to stop.
seq "$parts" | parallel --joblog "$out/jobs.log" --resume-failed --results "$out/{}.part" "$@" \
  "node $here/dist/cli.js experiment all --jobs 1 --seeds $seeds --shard {}/$parts --json || [ \$? -eq 1 ]" >/dev/null
node "$here/dist/cli.js" experiment join "$out"/*.part --report experiments.html

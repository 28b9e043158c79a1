#!/bin/sh
# All experiments in parts, by GNU parallel: on this machine, or on others by ssh (--sshlogin host1,host2, tamegrad
# installed there). A part that was finished is not run again.
#
#   scripts/experiments-parallel.sh PARTS [SEEDS] [options of parallel]
set -eu
parts=${1:?how many parts}
seeds=${2:-1}
shift "$(($# > 1 ? 2 : 1))"
here=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p experiments-out
# An experiment that does not confirm its claim is a result, not a failure of its part: 1 is no reason to stop.
seq "$parts" | parallel --joblog experiments-out/jobs.log --resume "$@" \
  "node $here/dist/cli.js experiment all --jobs 1 --seeds $seeds --shard {}/$parts --json > experiments-out/{}.json" || true
node "$here/dist/cli.js" experiment join experiments-out/[0-9]*.json --report experiments.html

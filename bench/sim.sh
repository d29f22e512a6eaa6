# simulated worlds: how many fail, what they went through, how many a second; arguments: how many (1000000), the first seed (1)
# shellcheck shell=bash

count=${1:-1000000}
from=${2:-1}
cores=$(nproc)
each=$(((count + cores - 1) / cores))
make -s -C "$build" tests/sim/sim >>"$work/build.log" 2>&1
began=$(date +%s.%N)
pids=()
for ((i = 0; i < cores; i++)); do
        "$build/tests/sim/sim" --seeds $((from + i * each)) "$each" >"$work/sim-$i" &
        pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
        wait "$pid" || failed=1
done
took=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }')
grep -h '^seed ' "$work"/sim-* || true
awk '$1 ~ /^[0-9]+$/ && NF == 2 { n[$2] += $1; if (!($2 in at)) { at[$2] = ++last; name[last] = $2 } }
        END { for (i = 1; i <= last; i++) printf "%14d  %s\n", n[name[i]], name[i] }' "$work"/sim-*
echo "$((each * cores)) worlds in $took s: $(per $((each * cores)) "$took") a second"
[ "$failed" = 0 ]

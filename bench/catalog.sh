# how many requests the sample catalog answers in a second; arguments: requests of each kind (20000), clients… (1 2 4)
# shellcheck shell=bash
requests=${1:-20000}
shift $(($# > 0 ? 1 : 0))
[ $# -gt 0 ] || set -- 1 2 4

catalog_start "$build" "$work" --edges 1 --rows 100000 --seed 1
edge=$(catalog_edges)
path=/rest/catalogDatabase/v1/databaseConnections
row_id=$(curl -fsS -u svc-edgemirror:correct-horse "$catalog_url$path?edgeConnectionId=$edge&limit=1" | grep -o '"id": *"[^"]*"' | head -n 1 | cut -d'"' -f4)

# client URL: with a range of numbers in it, one request after the other on one connection.
client() {
        curl -fsS -u svc-edgemirror:correct-horse -o /dev/null "$1"
}

catalog_cpu() { # seconds so far
        awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$catalog_pid/stat"
}

echo "each client sends one request after the other, on a connection of its own"
table "request" "clients" "requests" "seconds" "requests/s" "catalog cpu s"
for kind in "one row" "page of 20" "page of 500"; do
        for clients in "$@"; do
                each=$((requests / clients))
                case $kind in
                "one row") url="$catalog_url$path/$row_id?n=[1-$each]" ;;
                *) url="$catalog_url$path?edgeConnectionId=$edge&limit=${kind##* }&offset=[1-$each]" ;;
                esac
                pids=()
                cpu_before=$(catalog_cpu)
                began=$(date +%s.%N)
                for ((i = 0; i < clients; i++)); do
                        client "$url" &
                        pids+=($!)
                done
                wait "${pids[@]}"
                seconds=$(awk -v a="$began" -v b="$(date +%s.%N)" 'BEGIN { printf "%.2f", b - a }')
                cpu=$(awk -v a="$cpu_before" -v b="$(catalog_cpu)" 'BEGIN { printf "%.2f", b - a }')
                row "$kind" "$clients" $((each * clients)) "$seconds" "$(per $((each * clients)) "$seconds")" "$cpu"
        done
done

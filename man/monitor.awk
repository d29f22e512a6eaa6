# monitor.awk: of the tables of docs/monitoring.md, the metrics with their kinds and labels.

NR == FNR && /^\| `(edgemirror|process)_[a-z_]+` \| / {
	n = split($0, cells, / *\| */)
	if (!("metrics" in lists))
		add("metrics", ".Bl -tag -width Ds -compact")
	gsub(/`/, "", cells[2])
	label = cells[4]
	gsub(/`/, "", label)
	sub(/\.$/, "", cells[5])
	add("metrics", ".It Li " cells[2] "\n" fill(cells[5] ". A " cells[3] (label == "" ? "" : ", by " label) "."))
}

NR != FNR && FNR == 1 {
	end("metrics")
}

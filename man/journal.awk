# journal.awk: of the journal's message catalog, the events in its order; their names are those of src/base/message_id.h. Of src/base/fault_code.h, the codes of
# each side.

function close_event()
{
	if (text != "")
		add("events", fill(text))
	text = ""
}

NR == FNR && /^#define MESSAGE_ID_/ {
	id = $3
	gsub(/"/, "", id)
	names[id] = substr($2, length("MESSAGE_ID_") + 1)
}

NR == FNR && /^ +ORIGIN_[A-Z]+, +\/\* / {
	side = $1
	gsub(/ORIGIN_|,/, "", side)
	sub(/^.*\/\* /, "")
	sub(/ \*\/$/, "")
	titles[++n_sides] = toupper(substr($0, 1, 1)) substr($0, 2)
	sides[n_sides] = side
}

NR == FNR && /^ +X\([A-Z_]+, "[a-z-]+", [A-Z]+\)/ {
	side = $3
	sub(/\).*/, "", side)
	gsub(/[",]/, "", $2)
	codes[side] = codes[side] (codes[side] == "" ? "" : ", ") $2
}

NR == FNR && /^-- / {
	close_event()
	if (!("events" in lists))
		begin("events")
	id = $2
	seen = 1
	next
}

NR == FNR && seen && /^Subject: / {
	sub(/^Subject: /, "")
	gsub(/@/, "")
	add("events", ".It Li " id " Pq " names[id])
	add("events", fill($0 "."))
	next
}

NR == FNR && seen && !/^[A-Z][A-Za-z-]*: / && NF {
	gsub(/@/, "") # its fields, as in @EDGE@
	text = text (text == "" ? "" : " ") $0
}

NR != FNR && FNR == 1 {
	close_event()
	end("events")
	begin("codes")
	for (i = 1; i <= n_sides; i++)
		add("codes", ".It " titles[i] "\n" fill(codes[sides[i]] "."))
	end("codes")
}

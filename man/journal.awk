# journal.awk: of the journal's message catalog, the events in its order; their names are those of src/base/message_id.h.

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
}

# sql.awk: of the comments of the schema, lists of views, functions, roles and tables. A comment stands in one line.

function text_of(line)
{
	sub(/^.* IS '/, "", line)
	sub(/';$/, "", line)
	gsub(/''/, "'", line)
	return line
}

function close_columns()
{
	if (view)
		add("views", ".El")
	view = ""
}

NR == FNR && /^ *COMMENT ON (VIEW|TABLE|FUNCTION|ROLE|PUBLICATION) / {
	sub(/^ */, "")
	close_columns()
	name = $0
	sub(/^COMMENT ON [A-Z]+ /, "", name)
	sub(/ IS '.*/, "", name)
	sub(/^edgemirror\./, "", name)
	list = tolower($3) "s"
	if (list == "publications") {
		add("publication", ".Li " name "\n:\n" fill(text_of($0)))
		next
	}
	if (!(list in lists))
		begin(list)
	add(list, ".It Sy " name "\n" fill(text_of($0)))
	if (list == "views") {
		view = name
		add("views", ".Bl -tag -width Ds -compact")
	}
	next
}

NR == FNR && view && index($0, "COMMENT ON COLUMN edgemirror." view ".") == 1 {
	name = $4
	sub(/^.*\./, "", name)
	add("views", ".It Li " name "\n" fill(text_of($0)))
}

NR != FNR && FNR == 1 {
	close_columns()
	for (list in lists)
		if (list != "publication")
			end(list)
}

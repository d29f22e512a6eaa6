# conf.awk: of the help that explains the configuration, a list for each section.

function close_section()
{
	if (section)
		end(section)
}

NR == FNR && /^\[/ {
	close_section()
	section = $1
	gsub(/[^a-z]/, "", section)
	begin(section)
	next
}

NR == FNR && section && /^  [a-z_]+ = / {
	add(section, ".It Cm " $1)
	accepted = $0
	sub(/^  [a-z_]+ = /, "", accepted)
	next
}

NR == FNR && section && /^      Default: / {
	sub(/^ *Default: /, "")
	add(section, "Default:\n.Li " $0 " .")
	next
}

NR == FNR && section && /^      Required\./ {
	add(section, "Required.")
	next
}

NR == FNR && section && /^      / {
	sub(/^ */, "")
	add(section, fill($0))
	add(section, fill("Accepted: " accepted "."))
	next
}

NR != FNR && FNR == 1 {
	close_section()
}

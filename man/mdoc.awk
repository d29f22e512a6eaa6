# mdoc.awk: text for manual pages, and the second file (the template) with its lists put in. A page's own awk file adds to them from the first file.

# Appends lines to the list of that name.
function add(name, text)
{
	lists[name] = lists[name] text "\n"
}

# Text in lines that are neither long nor commands; a sentence begins a line.
function fill(text,    words, n, i, line, out)
{
	gsub(/\\/, "\\e", text)
	gsub(/…/, "...", text)
	n = split(text, words, " ")
	for (i = 1; i <= n; i++) {
		if (line != "" && length(line) + length(words[i]) > 76) {
			out = out guard(line) "\n"
			line = ""
		}
		line = line (line == "" ? "" : " ") words[i]
		if (i < n && words[i] ~ /[.?!]$/ && words[i] !~ /\.\.\.$/) {
			out = out guard(line) "\n"
			line = ""
		}
	}
	return out guard(line)
}

function guard(line)
{
	return line ~ /^[.']/ ? "\\&" line : line
}

function begin(name)
{
	add(name, ".Bl -tag -width Ds")
}

function end(name)
{
	add(name, ".El")
}

NR != FNR && /@generated@/ {
	print ".\\\" Generated from " file_of(FILENAME) " by `make update-manual`: change that, or what it is made of."
	next
}

NR != FNR && /^@[a-z]+@$/ {
	name = substr($0, 2, length($0) - 2)
	if (!(name in lists)) {
		print FILENAME ": no list " name > "/dev/stderr"
		exit 1
	}
	printf "%s", lists[name]
	next
}

NR != FNR {
	print
}

function file_of(path)
{
	sub(/.*\//, "", path)
	return path
}

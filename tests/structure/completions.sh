#!/bin/sh
# The completions are what the program's help lists now.
. "$(dirname "$0")/tap.sh"
: "${top_builddir:=$PWD}"

# fresh SHELL FILE PROGRAM
fresh()
{
	"$top_srcdir/completions/generate.sh" "$3" "$1" | cmp - "$top_srcdir/completions/$2"
}

same()
{
	fresh bash edgemirror "$1" && fresh fish edgemirror.fish "$1" && fresh zsh _edgemirror "$1"
}

expect_clean "the completions are up to date (make update-completions)" same "$top_builddir/edgemirror"

cat >"$scratch/other" <<END
#!/bin/sh
"$top_builddir/edgemirror" "\$@" | sed 's/--offline/--online/'
END
chmod +x "$scratch/other"
expect_found "an option that has another name is found" "differ" same "$scratch/other"
# method SHELL: what auth may be is what the help says.
method() { "$top_srcdir/completions/generate.sh" "$scratch/other" "$1" | grep 'bearer oauth2 mtls'; }
cat >"$scratch/other" <<END
#!/bin/sh
"$top_builddir/edgemirror" "\$@" | sed 's/basic, bearer or oauth2/basic, bearer, oauth2 or mtls/'
END
for shell in bash fish zsh; do
	expect_said "$shell completes a new method" "bearer oauth2 mtls" method $shell
done
finish

#!/bin/sh
# What makes packages agrees with configure.ac, where version and libraries stand.
. "$(dirname "$0")/tap.sh"

# versions CONFIGURE CHANGELOG: the newest entry of debian/changelog is of the version of configure.ac.
versions()
{
	wanted=$(sed -n 's/^AC_INIT(\[[^]]*\], \[\([^]]*\)\].*/\1/p' "$1")
	found=$(sed -n '1s/^edgemirror (\(.*\)-[^-]*) .*/\1/p' "$2")
	[ -n "$wanted" ] && [ "$wanted" = "$found" ] || echo "configure.ac has version $wanted, debian/changelog $found"
}

# libraries CONFIGURE: a line "VERSION DEBIAN FEDORA" for each.
libraries()
{
	sed -n 's/^ *EM_LIBRARY(\[[A-Z]*\], *\[[a-z0-9-]* >= \([0-9.]*\)\], *\[\([^]]*\)\], *\[\([^]]*\)\]).*/\1 \2 \3/p' "$1"
}

# build_dependencies CONFIGURE CONTROL SPEC README: each library that configure looks for is named with its version where packages are made, and in the README.
build_dependencies()
{
	libraries "$1" >"$scratch/libraries"
	[ "$(wc -l <"$scratch/libraries")" -ge 8 ] || echo "configure.ac cannot be read"
	while read -r version debian fedora; do
		grep -qE "^(Build-Depends:)? *$debian \(>= $version\)( <!nocheck>)?,?$" "$2" || echo "debian/control lacks $debian (>= $version)"
		grep -qE "^BuildRequires: +$fedora >= $version$" "$3" || echo "the spec lacks $fedora >= $version"
		grep -q "[ |]${debian}[ |]" "$4" && grep -q "[ |]${fedora}[ |]" "$4" || echo "README lacks $debian or $fedora"
	done <"$scratch/libraries"
}

no_single_pages()
{
	grep -rn 'edgemirror[-a-z]*\.[1578]' "$@" && return 1
	return 0
}

# readme_commands README.Debian TYPED…: each command of its steps, on one line, begins one that is typed there; scripts/check-package compares those with what ran. Not `status`, whose
# times are others each time.
readme_commands()
{
	readme=$1
	shift
	sed -n '/^ 1\./,/^The sample/s/^      //p' "$readme" | sed -e :a -e '/\\$/{N; s/ *\\\n */ /; ba' -e '}' -e '/&&$/{N; s/\n */ /; ba' -e '}' |
		sed -e 's/systemd-ask-password/echo correct-horse/' -e '/^edgemirror status$/d' >"$scratch/commands"
	[ "$(wc -l <"$scratch/commands")" -ge 10 ] || echo "README.Debian cannot be read"
	while read -r command; do
		cat "$@" | grep -qF -e "$command" || echo "nobody types: $command"
	done <"$scratch/commands"
}

# postinst VERSION-BEFORE: what debian/edgemirror.postinst says in a system of $scratch, in which the units of $active run. dpkg itself calls it in
# tests/package/inside.sh.
postinst()
{
	mkdir -p "$scratch/run/systemd/system" "$scratch/bin"
	printf '#!/bin/sh\ncase " %s " in *" $3 "*) ;; *) exit 3 ;; esac\n' "$active" >"$scratch/bin/systemctl"
	printf '#!/bin/sh\necho "$@" >>%s/invoked\n' "$scratch" >"$scratch/bin/deb-systemd-invoke"
	chmod +x "$scratch/bin/systemctl" "$scratch/bin/deb-systemd-invoke"
	sed -E "s: (/etc|/run)/: $scratch\\1/:g; s:=(/etc)/:=$scratch\\1/:" "$folder/edgemirror.postinst" >"$scratch/postinst"
	PATH=$scratch/bin:$PATH sh "$scratch/postinst" configure "$1" | sed 's/;.*//'
}

folder=$top_srcdir/debian
spec=$top_srcdir/packaging/edgemirror.spec.in
expect_clean "the version of the package is that of configure.ac" versions "$top_srcdir/configure.ac" "$folder/changelog"
sed '1s/([0-9.]*/(0.0.9/' "$folder/changelog" >"$scratch/changelog"
expect_said "another version is found" "debian/changelog 0.0.9" versions "$top_srcdir/configure.ac" "$scratch/changelog"
expect_clean "packages are built with the libraries of configure.ac" \
	build_dependencies "$top_srcdir/configure.ac" "$folder/control" "$spec" "$top_srcdir/README.md"
sed 's/>= 14/>= 15/' "$top_srcdir/configure.ac" >"$scratch/configure.ac"
expect_said "a library of another version is found" "debian/control lacks libpq-dev (>= 15)" \
	build_dependencies "$scratch/configure.ac" "$folder/control" "$spec" "$top_srcdir/README.md"
expect_said "in the spec, too" "the spec lacks libpq-devel >= 15" \
	build_dependencies "$scratch/configure.ac" "$folder/control" "$spec" "$top_srcdir/README.md"
expect_clean "no page of the manual is named one by one" no_single_pages "$folder" "$spec"

expect_clean "what README.Debian has to be typed is typed" readme_commands "$folder/README.Debian" "$top_srcdir/docs/installing.md" "$top_srcdir/tests/package/inside.sh"
sed 's/-p User=edgemirror/-p User=mirror/' "$folder/README.Debian" >"$scratch/README.Debian"
expect_said "an alias of its own is found" "nobody types: alias edgemirror=" readme_commands "$scratch/README.Debian" "$top_srcdir/docs/installing.md" "$top_srcdir/tests/package/inside.sh"

active=
expect_said "installed without a configuration, it says what to do" "not configured yet" postinst ""
expect_clean "upgraded without one, it says nothing" postinst 1.0.0
mkdir -p "$scratch/etc/edgemirror" "$scratch/etc/systemd/system/multi-user.target.wants"
: >"$scratch/etc/edgemirror/edgemirror.conf"
expect_said "installed over a configuration, it says that nothing runs" "edgemirror is not started: edgemirror.service" postinst ""
: >"$scratch/etc/edgemirror/acme.conf"
: >"$scratch/etc/systemd/system/multi-user.target.wants/edgemirror@acme.service"
: >"$scratch/etc/systemd/system/multi-user.target.wants/edgemirror@other.service" # without a configuration
expect_said "also after it was removed, of each service" "edgemirror is not started: edgemirror.service edgemirror@acme.service" postinst 1.0.0
active=edgemirror.service
expect_said "and of an instance alone" "edgemirror is not started: edgemirror@acme.service" postinst 1.0.0
active="edgemirror.service edgemirror@acme.service"
expect_clean "upgraded while they run, it says nothing" postinst 1.0.0
expect_said "and has started the instances again" 'try-restart edgemirror@*.service' cat "$scratch/invoked"
finish

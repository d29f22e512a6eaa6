#!/bin/sh
# What scripts/release refuses, and that it makes nothing then. That an archive is the same twice it sees itself, each time.
. "$(dirname "$0")/tap.sh"

if ! command -v git >/dev/null || ! command -v bash >/dev/null; then
	skip "a release is refused where it would not be one" "no git or bash here"
	finish
	exit
fi
tree=$scratch/tree
mkdir -p "$tree/scripts" "$tree/debian" "$tree/packaging" "$tree/sql/migrations" "$tree/tests/structure" "$tree/tests/upgrade"
cp "$top_srcdir/tests/structure/tap.sh" "$top_srcdir/tests/structure/upgrade.sh" "$tree/tests/structure/"
cp "$top_srcdir/tests/upgrade/schema.sql" "$tree/tests/upgrade/"
cp "$top_srcdir"/sql/migrations/*.sql "$tree/sql/migrations/"
cp "$top_srcdir/scripts/release" "$top_srcdir/scripts/lib.sh" "$tree/scripts/"
cp "$top_srcdir/configure.ac" "$top_srcdir/NEWS.md" "$tree/"
# What has changed since the release is not of it.
sed -i '/^## \[Unreleased\]/,/^## \[[0-9]/{/^## /!d}' "$tree/NEWS.md"
cp "$top_srcdir/debian/changelog" "$tree/debian/"
cp "$top_srcdir/packaging/edgemirror.spec.in" "$tree/packaging/"
chmod -R u+w "$tree"
version=$(sed -n 's/^AC_INIT(\[edgemirror\], \[\([^]]*\)\].*/\1/p' "$tree/configure.ac")
# Nor what was released before, whose tags are not here.
awk -v now="## [$version]" '/^## \[[0-9]/ && index($0, now) != 1 { exit } { print }' "$tree/NEWS.md" >"$scratch/NEWS.md" && cp "$scratch/NEWS.md" "$tree/NEWS.md"
# on_day FILE DAY CHANGELOG SPEC: it has the date of that day, as each writes it.
on_day()
{
	sed -i -e "/^## \[[0-9]/s/- .*/- $2/" -e "/^ -- /s/>  .*/>  $3 00:00:00 +0000/" -e "/^%changelog/{n; s/^\* [^ ]* [^ ]* [^ ]* [^ ]*/* $4/}" "$tree/$1"
}
# The commits are of the day that the files say, whatever day it is.
GIT_COMMITTER_DATE="2020-02-29 23:30:00 +0000"
export GIT_COMMITTER_DATE
for file in NEWS.md debian/changelog packaging/edgemirror.spec.in; do
	on_day $file 2020-02-29 "Sat, 29 Feb 2020" "Sat Feb 29 2020"
done

committed()
{
	git -C "$tree" -c user.name=test -c user.email=test@example.com commit -q --allow-empty -a -m "$1"
}

# released VERSION: 99 where something was made.
released()
{
	"$tree/scripts/release" --output "$scratch/release" "$@"
	status=$?
	[ ! -e "$scratch/release" ] || status=99
	return $status
}

git init -q "$tree" && git -C "$tree" add . && committed first || exit 99
echo >>"$tree/configure.ac"
expect_found "what is not committed" "not everything is committed:  M configure.ac" released "$version"
git -C "$tree" checkout -q configure.ac
: >"$tree/new"
expect_found "a file that git does not know" "not everything is committed: ?? new" released "$version"
rm "$tree/new"
expect_found "another version" "configure.ac has another version than 99.0.0" released 99.0.0
sed -i '1s/([0-9.]*/(0.0.9/' "$tree/debian/changelog" && committed "another package"
expect_found "a package of another version" "debian/changelog has another version than $version" released "$version"
git -C "$tree" -c user.name=test -c user.email=test@example.com revert -n HEAD >/dev/null && committed "the package"
sed "s/^## \[$version\] - .*/## [$version]/" "$tree/NEWS.md" >"$scratch/NEWS.md" && cp "$scratch/NEWS.md" "$tree/NEWS.md" && committed "no date"
expect_found "news without a date" "NEWS.md has no section ## [$version] - DATE" released "$version"
git -C "$tree" -c user.name=test -c user.email=test@example.com revert -n HEAD >/dev/null && committed "a date"
# another_day FILE: it has the date of a day on which nothing was released.
another_day()
{
	on_day "$1" 2000-01-01 "Sat, 01 Jan 2000" "Sat Jan 01 2000"
	committed "$1 of another day"
	expect_found "a date of $1 that is not the day of the commit" "$1 does not date $version ${GIT_COMMITTER_DATE%% *}, the day of the commit (UTC)" released "$version"
	git -C "$tree" -c user.name=test -c user.email=test@example.com revert -n HEAD >/dev/null && committed "that day"
}
another_day NEWS.md
another_day debian/changelog
another_day packaging/edgemirror.spec.in
sed -i 's/^## \[Unreleased\]/&\n\n### Fixed\n\n- A fault./' "$tree/NEWS.md" && committed "a fault"
expect_found "news that are of no version" "NEWS.md has changes below [Unreleased]" released "$version"
git -C "$tree" -c user.name=test -c user.email=test@example.com revert -n HEAD >/dev/null && committed "no fault"
expect_said "without tags nothing is said of released migrations" "they are those of every release # SKIP no tags here" \
	env -u EDGEMIRROR_CHECKOUT "top_srcdir=$tree" sh "$tree/tests/structure/upgrade.sh"
printf '\n## [0.0.1] - 2000-01-01\n' >>"$tree/NEWS.md" && committed "an earlier release"
expect_found "a checkout without the tag of an earlier release" "no tag v0.0.1 here: git fetch --tags" released "$version"
# As make update-fixture has it: the fixture says what is there.
git -C "$tree" tag v0.0.1 && echo "-- changed" >>"$tree/sql/migrations/0001_mirror.sql"
sum=$(sha256sum <"$tree/sql/migrations/0001_mirror.sql" | cut -d' ' -f1)
before=$(sed -n 's/^-- 0001_mirror.sql //p' "$tree/tests/upgrade/schema.sql")
sed -i "s/$before/$sum/g" "$tree/tests/upgrade/schema.sql" && committed "another migration"
expect_found "a migration that was released, and is another one" "0001_mirror.sql is not that of v0.0.1" released "$version"
git -C "$tree" tag -d v0.0.1 >/dev/null
git -C "$tree" -c user.name=test -c user.email=test@example.com revert -n HEAD HEAD~1 >/dev/null && committed "that migration, and no earlier release"
git -C "$tree" tag "v$version" && committed "after the tag"
expect_found "a tag that is another commit" "the tag v$version is another commit" released "$version"
git -C "$tree" tag -d "v$version" >/dev/null
git -C "$tree" config user.useConfigOnly true
expect_found "a tag without a name" "git knows no user.name and user.email" env HOME="$scratch" XDG_CONFIG_HOME="$scratch" GIT_CONFIG_NOSYSTEM=1 "$tree/scripts/release" \
	--tag --output "$scratch/release" "$version"

expect_found "a tag of an archive alone" "--archive makes no release" released --archive --tag "$version"
expect_clean "which has none then" git -C "$tree" tag
day=$GIT_COMMITTER_DATE
GIT_COMMITTER_DATE="@$(($(date +%s) + 3600)) +0000"
committed "ahead of the clock"
expect_found "a commit of a time to come" "which lies ahead of this machine's clock" released "$version"
expect_found "also where it is of no release" "which lies ahead of this machine's clock" released --archive "$version"
GIT_COMMITTER_DATE=$day
committed "of its day"

# An archive and packages that are made at once, by what is built here as the program is; who makes it commits meanwhile, if told.
cat >"$tree/autogen.sh" <<END
#!/bin/sh
printf 'printf "dist:\\n\\techo >edgemirror-$version.tar.xz\\n" >Makefile\n' | sed '1i #!/bin/sh' >configure && chmod +x configure
[ ! -e "$scratch/meanwhile" ] || { rm "$scratch/meanwhile" && git -C "$tree" -c user.name=test -c user.email=test@example.com commit -q --allow-empty -m meanwhile; }
END
cat >"$tree/scripts/package" <<'END'
#!/bin/sh
echo "package of $3" >"$5/edgemirror_$3.deb"
END
chmod +x "$tree/autogen.sh" "$tree/scripts/package" && git -C "$tree" config user.name test && git -C "$tree" config user.email test@example.com && git -C "$tree" add . && committed "an archive"
: >"$scratch/meanwhile"
expect_found "a commit that comes meanwhile" "the checkout has changed since the release was begun" released --tag "$version"
not_tagged() { git -C "$tree" tag; }
expect_clean "which has no tag then" not_tagged
# tagged: the commit, by its tag alone, and its files.
tagged()
{
	"$tree/scripts/release" --tag --output "$scratch/whole" "$version" >"$scratch/said" 2>&1 || cat "$scratch/said"
	[ "$(git -C "$tree" rev-parse "v$version^{commit}")" = "$(git -C "$tree" rev-parse HEAD)" ] || echo "the tag is not that commit"
	[ "$(cd "$scratch" && echo whole*/*)" = "whole/SHA256SUMS whole/edgemirror-$version.tar.xz whole/edgemirror_bookworm.deb whole/edgemirror_trixie.deb" ] || ls "$scratch" "$scratch"/whole*
}
expect_clean "what is released is tagged" tagged
git -C "$tree" tag -d "v$version" >/dev/null
: >"$scratch/file"
expect_said "a folder that cannot be made" "$scratch/file" "$tree/scripts/release" --tag --output "$scratch/file/1" "$version"
expect_clean "does not keep the next try from being made" env rm -rf "$scratch/whole"
expect_clean "with the tag of before" tagged

mkdir "$scratch/there"
expect_found "a folder that is there" "is there already" "$tree/scripts/release" --output "$scratch/there" "$version"
mv "$tree/.git" "$scratch/git"
GIT_CEILING_DIRECTORIES=$scratch
export GIT_CEILING_DIRECTORIES
expect_found "sources that are no checkout" "is no checkout" released "$version"
finish

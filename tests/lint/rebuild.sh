#!/bin/sh
# What is made again, and what is not: a header that is edited while a source is being compiled is newer than the object; other
# flags are, too.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/vm" && cp -r "$root/vm/base" "$scratch/vm/" && cp "$root/Makefile" "$scratch/" || exit 2
cd "$scratch" || exit 2
compiler=${CC:-gcc}
# While the file `edited` is there, somebody edits a header as soon as the compiler has read it.
cat >edited-compiler <<EOF
#!/bin/sh
$compiler "\$@" || exit
case " \$* " in *" -c "*) [ ! -f edited ] || touch vm/base/str.h ;; esac
EOF
chmod +x edited-compiler
folder=made
make_object() {
    ${MAKE:-make} --no-print-directory -s BUILD="$folder" SAY=@: CC=./edited-compiler "$@" "$folder/vm/base/str.o"
}
status=0
case_of() { # case_of NAME again|still ARGUMENT…: is the object made again?
    name=$1 expected=$2
    shift 2
    before=$(stat -c %y made/vm/base/str.o)
    make_object "$@" || exit 1
    found=again
    [ "$before" != "$(stat -c %y made/vm/base/str.o)" ] || found=still
    if [ $found = "$expected" ]; then echo "ok $name"; else
        echo "not ok $name: $found"
        status=1
    fi
}
touch edited
make_object || exit 1
rm edited
case_of "edited while compiled" again
case_of "nothing changed" still
case_of "other flags" again CFLAGS=-O1
case_of "the same other flags" still CFLAGS=-O1
folder=$scratch/made
case_of "the folder written from the root" still CFLAGS=-O1
exit $status

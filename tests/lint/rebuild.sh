#!/bin/sh
# A header that is edited while a source is being compiled is newer than the object: the next make compiles it again.
set -u
root=${root:-$(CDPATH='' cd "$(dirname "$0")/../.." && pwd)}
scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/vm" && cp -r "$root/vm/base" "$scratch/vm/" && cp "$root/Makefile" "$scratch/" || exit 2
cd "$scratch" || exit 2
compiler=${CC:-gcc}
cat >slow-compiler <<EOF
#!/bin/sh
$compiler "\$@" || exit
case " \$* " in *" -c "*) touch vm/base/str.h ;; esac
EOF
chmod +x slow-compiler
make_object() {
    ${MAKE:-make} --no-print-directory -s BUILD=made SAY=@: CC="$1" made/vm/base/str.o
}
made_again() { # is the object the compiler's of just now?
    before=$(stat -c %y made/vm/base/str.o)
    make_object "$compiler" || exit 1
    [ "$before" != "$(stat -c %y made/vm/base/str.o)" ]
}
make_object ./slow-compiler || exit 1
status=0
if made_again; then echo "ok edited while compiled"; else
    echo "not ok edited while compiled"
    status=1
fi
if made_again; then
    echo "not ok and no more than that"
    status=1
else echo "ok and no more than that"; fi
exit $status

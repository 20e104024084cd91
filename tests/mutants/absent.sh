#!/bin/bash
# absent.sh HEIR HEIR-MUTANTS: no symbol of the mutants and no mutant's name is in heir; all are in heir-mutants, so that this is not
# deaf.
set -u
heir=$1
mutated=$2
found=0
say() { echo "$@"; found=1; }

symbol='N4heir7mutants'  # heir::mutants::, as compilers write it
hits=$(nm "$heir" | grep -F "$symbol" | c++filt)
[ -z "$hits" ] || say "$heir has symbols of the mutants:" $'\n'"$hits"
nm "$mutated" | grep -qF "$symbol" || say "$mutated has no symbol of the mutants: it was built without them"

names=$(mktemp)
trap 'rm -f "$names"' EXIT
grep -rhoE 'HEIR_MUTANT\("[^"]+"\)' "$(dirname "$0")/../../engine" | sed -E 's/.*"([^"]+)".*/\1/' | grep -v '^name$' | sort -u >"$names"
[ "$(wc -l <"$names")" -ge 40 ] || say "only $(wc -l <"$names") mutants were found in engine/"
hits=$(grep -aoFf "$names" "$heir" | sort -u)
[ -z "$hits" ] || say "$heir names mutants:" $'\n'"$hits"
missing=$(grep -aoFf "$names" "$mutated" | sort -u | comm -13 - "$names")
[ -z "$missing" ] || say "$mutated has no mutant of these names:" $'\n'"$missing"
exit "$found"

#!/bin/bash
# absent.sh HEIR HEIR-MUTANTS: no symbol of the mutants and no mutant's name is in heir; all are in heir-mutants, so that this is not
# deaf.
set -u
heir=$1
mutated=$2
found=0
say() { echo "$@"; found=1; }

symbol='heir::mutants::'
if hits=$(nm -C "$heir" | grep -F "$symbol"); then say "$heir has symbols of the mutants:" $'\n'"$hits"; fi
nm -C "$mutated" | grep -qF "$symbol" || say "$mutated has no symbol of the mutants: it was built without them"

names=$(grep -rhoE 'HEIR_MUTANT\("[^"]+"\)' "$(dirname "$0")/../../engine" | sed -E 's/.*"([^"]+)".*/\1/' | grep -v '^name$' | sort -u)
[ "$(wc -l <<<"$names")" -ge 40 ] || say "only $(wc -l <<<"$names") mutants were found in engine/"
while IFS= read -r name; do
  grep -qaF -- "$name" "$mutated" || say "$mutated has no mutant $name"
  ! grep -qaF -- "$name" "$heir" || say "$heir names the mutant $name"
done <<<"$names"
exit "$found"

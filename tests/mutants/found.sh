#!/bin/bash
# found.sh HEIR HEIR-MUTANTS: with no mutant on both run the same, event by event, and pass; and every mutant is found, or is one
# that no run can show.
set -u
heir=$1
mutated=$2
cd "$(dirname "$0")/../.." || exit 1
found=0
say() { echo "$@"; found=1; }

hashes() { "$1" run "$2" --seeds "$3" --json --jobs 2 | grep -oE '"(verdict|trace_hash)":"[^"]*"'; }
for campaign in first/mixed swarm/everything; do
  plain=$(hashes "$heir" "scenarios/$campaign.toml" 1..4)
  with=$(hashes "$mutated" "scenarios/$campaign.toml" 1..4)
  [ -n "$plain" ] && [ "$plain" = "$with" ] || say "$campaign: another run in heir-mutants, with no mutant on:" $'\n'"$plain"$'\n'"$with"
  grep -qF '"verdict":"fail"' <<<"$plain" && say "$campaign fails with no mutant on"
done

# The command that is printed does the same run again, so it names the mutant.
"$mutated" --mutant raft-votes-twice run scenarios/first/mixed.toml --seed 3 --quiet |
  grep -qxF 'heir-mutants --mutant raft-votes-twice run scenarios/first/mixed.toml --seed 3' || say "the mutant is missing from the command"

"$mutated" mutants --strategy random --cap 80 --repeats 1 --jobs 2 || say "a mutant was missed"
exit "$found"

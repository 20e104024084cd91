#!/bin/sh
# Porcupine beside heir, on the same generated histories: verdict, seconds of judging, peak memory. Needs Go and GNU time.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd -P)

usage() {
  cat <<END
Usage: tools/bench-porcupine.sh [--porcupine FOLDER] [--timeout TIME] [--build FOLDER]
  --porcupine FOLDER  a checkout of github.com/anishathalye/porcupine (default: go fetches its last version)
  --timeout TIME      for each history (default 60s)
  --build FOLDER      where heir and heir-bench are (default build/release)
Exit status: 0, or 2 if it could not be done.
END
}
give_up() { echo "tools/bench-porcupine.sh: $*" >&2; exit 2; }

porcupine='' timeout=60s build=$root/build/release
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --porcupine | --timeout | --build)
      [ $# -gt 1 ] || give_up "$1 needs a value"
      case $1 in --porcupine) porcupine=$(cd "$2" && pwd -P) ;; --timeout) timeout=$2 ;; *) build=$(cd "$2" && pwd -P) ;; esac
      shift 2 ;;
    *) give_up "no option '$1'; see --help" ;;
  esac
done
command -v go >/dev/null || give_up "Go is not installed (Debian: apt install golang-go)"
[ -x /usr/bin/time ] || give_up "GNU time is not installed (Debian: apt install time)"
heir=$build/bin/heir bench=$build/tools/bench/heir-bench
[ -x "$heir" ] && [ -x "$bench" ] || give_up "no heir and heir-bench in $build: cmake --build it with both targets"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cp "$root/tools/bench/porcupine/main.go" "$scratch"
(
  cd "$scratch"
  go mod init porcupine-bench
  if [ -n "$porcupine" ]; then
    go mod edit -require github.com/anishathalye/porcupine@v0.0.0 -replace "github.com/anishathalye/porcupine=$porcupine"
  else
    go get github.com/anishathalye/porcupine@latest
  fi
  go build -o porcupine-bench .
) >"$scratch/log" 2>&1 || { cat "$scratch/log" >&2; give_up "Porcupine could not be built"; }

# row NAME WORKLOAD OPTIONS-OF-write-history…
row() {
  name=$1 workload=$2
  shift 2
  "$bench" write-history "$scratch/history.jsonl" --workload "$workload" "$@"
  ours=$(/usr/bin/time -f %M -o "$scratch/memory" "$heir" check --json --jobs 1 --timeout "$timeout" "$scratch/history.jsonl" || true)
  ours=$(printf '%s' "$ours" | sed 's/.*"verdict":"\([a-z]*\)".*"seconds":\([0-9.]*\).*/\1 \2/')
  ours_memory=$(tail -n 1 "$scratch/memory")
  theirs=$(/usr/bin/time -f %M -o "$scratch/memory" "$scratch/porcupine-bench" "$workload" "$scratch/history.jsonl" "$timeout" || echo "died -")
  theirs_memory=$(tail -n 1 "$scratch/memory")
  printf '%-52s %-8s %10s s %7d MiB   %-8s %10s s %7d MiB\n' "$name" $ours $((ours_memory / 1024)) $theirs $((theirs_memory / 1024))
}

printf '%-52s %-32s   %s\n' history heir Porcupine
for flaw in none stale-read lost-write; do
  row "register, 1,000 operations, 5 clients, $flaw" register --operations 1000 --clients 5 --flaw $flaw
  row "register, 1,000 operations, 20 clients, $flaw" register --operations 1000 --clients 20 --flaw $flaw
  row "  the same, 5 clients, 3% unknown" register --operations 1000 --clients 5 --unknown 3 --flaw $flaw
  row "register, 100,000 operations, 5 clients, $flaw" register --operations 100000 --clients 5 --flaw $flaw
  row "1,000 registers, 1,000,000 operations, $flaw" keys --operations 1000000 --clients 20 --flaw $flaw
  row "kv, 2,024 operations, 50 clients, $flaw" kv --operations 2024 --clients 50 --flaw $flaw
done
row "queue, 1,000 operations, 5 clients" queue --operations 1000 --clients 5

#!/bin/bash
# tools/cluster/hunt.slurm on a Slurm of this one machine: three shards as an array, merged, equal the run that was not divided.
# usage: slurm.sh HEIR
# Exit status: 0 it does, 1 it does not, 77 Slurm cannot be run here, so nothing was tested (why: standard error).
set -u
heir=$(readlink -f "$1")
root=$(cd "$(dirname "$0")/../.." && pwd -P)
not_run() { echo "not run: $*" >&2; exit 77; }
for program in munged slurmctld slurmd sbatch sqlite3; do
  command -v "$program" >/dev/null || PATH=$PATH:/usr/sbin:/sbin
  command -v "$program" >/dev/null || not_run "$program is not installed"
done
[ "$(id -u)" = 0 ] || not_run "slurmd needs root"

folder=$(mktemp -d /tmp/heir-slurm-XXXXXX)
daemons=()
clean_up() {
  local pid
  for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null; done
  for pid in "${daemons[@]}"; do
    for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -9 "$pid" 2>/dev/null
  done
  wait 2>/dev/null
  rm -rf "$folder"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
say_why() { tail -n 15 "$folder"/*.log >&2; }
# until_true SECONDS COMMAND…
until_true() {
  local last=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do [ "$SECONDS" -lt "$last" ] || return 1; sleep 0.2; done
}

# ---- A Slurm of its own: its own key, ports, folders ----
host=$(hostname -s)
port=$((20000 + $$ % 20000))
mkdir -p "$folder"/{state,spool,work}
dd if=/dev/urandom of="$folder/key" bs=1024 count=1 2>/dev/null
chmod 400 "$folder/key"
chmod 755 "$folder"
cat >"$folder/slurm.conf" <<END
ClusterName=heir
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=sched_interval=1,batch_sched_delay=0
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=5 State=UP
END
printf 'CgroupPlugin=cgroup/v1\n' >"$folder/cgroup.conf"
export SLURM_CONF=$folder/slurm.conf
munged --foreground --force --key-file="$folder/key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
  --log-file="$folder/munged.log" --seed-file="$folder/seed" 2>"$folder/munged.err.log" &
daemons+=($!)
until_true 5 test -S "$folder/munge.socket" || { say_why; not_run "munged does not start here"; }
slurmctld -D -f "$SLURM_CONF" -L "$folder/slurmctld.log" 2>"$folder/slurmctld.err.log" &
daemons+=($!)
slurmd -D -f "$SLURM_CONF" -L "$folder/slurmd.log" 2>"$folder/slurmd.err.log" &
daemons+=($!)
idle() { timeout 3 sinfo -h -o %t | grep -q idle; }
until_true 20 idle || { say_why; not_run "Slurm does not start here"; }

# ---- The campaign, as an array and undivided ----
cd "$folder/work" || exit 1
ln -s "$root/scenarios" scenarios
campaign=(scenarios/first/idle.toml scenarios/first/sync-crash.toml scenarios/known-bad/no-lease-partition.toml --seeds 11..22)
export HEIR=$heir
timeout 90 sbatch --wait --array=4-8:2 --chdir="$folder/work" "$root/tools/cluster/hunt.slurm" "${campaign[@]}" >sbatch.log 2>&1
status=$?
[ "$status" = 0 ] || { echo "sbatch ended with $status" >&2; cat sbatch.log hunt-*.log >&2; say_why; exit 1; }
"$heir" merge part-*.db --out merged.db >merged.txt || { cat merged.txt >&2; exit 1; }
"$heir" hunt "${campaign[@]}" --db whole.db --quiet >/dev/null || exit 1

failed=0
runs_of() { sqlite3 "$1" 'SELECT path, seed, verdict, reason, trace_hash, events, virtual_ns, ok, runs.failed, unknown FROM runs JOIN scenarios ON scenarios.id = scenario ORDER BY path, seed'; }
probes_of() { sqlite3 "$1" 'SELECT path, name, rare, runs, hits FROM probes JOIN scenarios ON scenarios.id = scenario ORDER BY path, name'; }
for part in part-4.db part-6.db part-8.db; do
  [ "$(sqlite3 "$part" 'SELECT count(*) FROM runs')" = 12 ] || { echo "$part does not hold a third of the runs" >&2; failed=1; }
done
[ "$(runs_of whole.db | wc -l)" = 36 ] || { echo "the undivided campaign has not 36 runs" >&2; failed=1; }
diff <(runs_of whole.db) <(runs_of merged.db) >&2 || failed=1
diff <(probes_of whole.db) <(probes_of merged.db) >&2 || failed=1
[ "$failed" = 0 ] && echo "three shards by Slurm $(slurmctld -V | cut -d' ' -f2), merged, equal the undivided campaign: 36 runs"
exit "$failed"

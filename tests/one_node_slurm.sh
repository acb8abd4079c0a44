#!/usr/bin/env bash
# A Slurm of one node for as long as a command runs: `unshare --mount one_node_slurm.sh FOLDER COMMAND...`
# In a mount namespace of its own, so that the machine's /etc/slurm is not touched; everything else is below FOLDER.
set -euo pipefail
folder=$1
shift
host=$(hostname -s)
mkdir -p "$folder"/{etc,state,spool}
head -c 1024 /dev/urandom > "$folder/munge.key"
chmod 400 "$folder/munge.key"
cat > "$folder/etc/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
SlurmUser=root
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
ReturnToService=2
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=8 RealMemory=64000 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
mount --bind "$folder/etc" /etc/slurm
munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" --pid-file="$folder/munged.pid" \
    --log-file="$folder/munged.log" --seed-file="$folder/munged.seed"
slurmctld
slurmd
stop() {
    scancel --user=root || true
    for daemon in slurmd slurmctld munged; do kill "$(cat "$folder/$daemon.pid")" || true; done
}
trap stop EXIT
"$@"

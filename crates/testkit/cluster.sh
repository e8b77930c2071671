#!/usr/bin/env bash
# A cluster for tests, made of Linux namespaces; `cluster.sh help` says how to use it.
#
# What holds, and why:
# - Each host has its own network, host name, mounts, ipc and process numbers. The bridge they are plugged into has a
#   network of its own too, so the machine itself gets no interface, address, route or mount.
# - A namespace lives as long as the process that keeps it: `switch`, `head` and process 1 of every host. Their numbers
#   and start times are in the state folder, and nothing is signalled whose start time differs.
# - The login node shares the machine's process numbers: what is started there (mpirun) is a direct child of who called,
#   with its own exit code and signals.
# - Without root everything happens inside one user namespace, which `switch` keeps.
set -euo pipefail

SELF=$(readlink -f "${BASH_SOURCE[0]}")
PROJECT=$(dirname "$(dirname "$(dirname "$SELF")")")
MPI_HOME=${CLUSTER_MPI:-$PROJECT/target/mpi}
if [ "$(id -u)" = 0 ]; then RUNTIME=/run; else RUNTIME=${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}; fi
STATE=${CLUSTER_STATE:-$RUNTIME/pixtwin-cluster-$(id -u)}
NETWORK=10.77.0
HEAD_NUMBER=100
MOST_HOSTS=64

help() {
    cat <<'END'
usage: cargo xtask cluster COMMAND    a small MPI cluster on this machine: a login node `head`, and hosts h1, h2, ...

  up [-n HOSTS] [-w] [DIR...]      start it; the i-th DIR shows as /srv/images on host i, read-only
                                   (-w: writable). HOSTS is 2, or the number of DIRs if more
  up -n HOSTS -a DIR               the same DIR on all hosts: shared storage
  run [--mpi MPI] [OPTIONS OF mpirun] PROGRAM ARGUMENT...
                                   start ranks from the login node. MPI is openmpi-4 (the default), openmpi-5,
                                   mpich-5, or mpich-5-abi: MPICH 5 by the standard interface of MPI 5.0
  mpich [OPTIONS OF mpiexec] PROGRAM ARGUMENT...
                                   the same as run --mpi mpich-5
  exec HOST COMMAND...             run a command on one host, or on `head`
  cut HOST                         pull its network cable
  heal HOST                        plug it in again
  off HOST                         power failure: the cable is cut, then every process dies; its peers hear nothing
  crash HOST                       every process dies, and its system still closes their connections
  on HOST                          start a host again that is off
  status                           what is up: host, address, cable, number of names in /srv/images
  down                             end every process of the cluster and remove its state
  here [--mpi MPI] ...             as `run`, on this machine: without a cluster, and without a network

Every host has its own network, host name, mounts, processes and /dev/shm, and an empty /srv/scratch to write to. The
rest of the file system is this machine's own. No host reaches anything but the others.

Settings, by environment variables:
  CLUSTER_STATE      folder of the state, to be made by `up`; another folder is another cluster, and clusters do not
                     see each other. Default: pixtwin-cluster-UID under /run, $XDG_RUNTIME_DIR or $TMPDIR
  CLUSTER_SLOTS      ranks a host takes before the next gets one: 2, read by `up`
  CLUSTER_KEEPALIVE  IDLE/INTERVAL/PROBES, in seconds and a count: 4/1/3. When a host has been silent for IDLE, it is
                     asked every INTERVAL, and PROBES missing answers are a lost host. `off`: as the launcher has it
                     (Open MPI: 300/20/9; Hydra: as ssh has it, which is never)
  CLUSTER_MPI        folder of Open MPI 5 and MPICH 5: target/mpi, where `cargo xtask setup` installs them

Needs bash, util-linux, iproute2; and root, or a machine on which users may make user namespaces.
END
}

say() { echo "cluster: $*" >&2; }
die() {
    say "$1"
    [ $# -lt 2 ] || echo "hint: $2" >&2
    exit 2
}

# ---- The processes that keep the namespaces

hosts() { find "$STATE" -mindepth 1 -maxdepth 1 -name 'h[0-9]*' -printf '%f\n' 2>/dev/null | sort -V; }
number_of() { if [ "$1" = head ]; then echo "$HEAD_NUMBER"; else echo "${1#h}"; fi; }

# Sets PID and BORN to process and start time of /proc/$1.
identify() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
    PID=${stat%% *}
    # The name of the program, in brackets, may hold anything.
    stat=${stat##*) }
    BORN=$(cut -d' ' -f20 <<<"$stat")
}

# Sets KEEPER to the process that keeps this node, if it still runs.
keeper() {
    local born
    { read -r KEEPER born <"$STATE/$1/keeper"; } 2>/dev/null || return 1
    identify "$KEEPER" && [ "$BORN" = "$born" ]
}

must_be_up() {
    [ -d "$STATE" ] || die "no cluster is up in $STATE" "cargo xtask cluster up"
    [ -d "$STATE/$1" ] || die "there is no host \`$1\`; there are: head $(hosts | xargs)"
    keeper "$1" || die "$1 is off"
}

user_namespace_of() { readlink "/proc/$1/ns/user" || true; }

# Puts into ENTER the words that lead into a user namespace, where the cluster has one and this process is not in it.
enter_user() {
    ENTER=()
    keeper switch || die "the cluster in $STATE is broken: its switch is gone" "cargo xtask cluster down"
    [ "$(user_namespace_of self)" = "$(user_namespace_of "$KEEPER")" ] ||
        ENTER=(nsenter --target "$KEEPER" --user --preserve-credentials)
}

# inside NODE COMMAND...: becomes the command, inside all namespaces of the node.
inside() {
    local node=$1 namespaces=(--net --uts --mount)
    shift
    must_be_up "$node"
    [[ $node == h[0-9]* ]] && namespaces+=(--ipc --pid)
    [ "$(user_namespace_of self)" = "$(user_namespace_of "$KEEPER")" ] || namespaces+=(--user --preserve-credentials)
    # The launchers name their temporary files by process number, and numbers repeat among the hosts.
    # shellcheck disable=SC2016 # meant for the inner shell
    exec nsenter --target "$KEEPER" "${namespaces[@]}" -- \
        /bin/sh -c 'cd "$0" 2>/dev/null || cd /; TMPDIR=/dev/shm exec "$@"' "$PWD" "$@"
}

# start NODE OPTIONS-OF-UNSHARE...
start() {
    local node=$1 pipe line=
    shift
    ENTER=()
    [ "$node" = switch ] || enter_user
    exec {pipe}< <(exec setsid "${ENTER[@]}" unshare "$@" "$SELF" keep "$node" </dev/null 2>&1)
    while read -r -t 20 -u "$pipe" line; do
        [ "$line" != ready ] || break
        say "$node: $line"
    done
    exec {pipe}<&-
    [ "$line" = ready ] || die "cannot start $node" "see \`cargo xtask cluster help\` for what it needs"
    keeper "$node" || die "$node ended at once"
}

# Runs inside new namespaces, as process 1 where there is a new numbering: prepares the node, says so, and stays.
keep() {
    local node=$1 images=
    trap '' HUP INT TERM
    identify self
    echo "$PID $BORN" >"$STATE/$node/keeper"
    if [ "$node" != switch ]; then
        hostname "$node"
        # Before /srv and /dev/shm hide what was there.
        [ ! -s "$STATE/$node/images" ] || images=$(<"$STATE/$node/images")
        # Open here, as the folder may lie below what is about to be covered.
        if [ -n "$images" ]; then exec {images_fd}<"$images"; fi
        [ "$node" = head ] || mount -t proc proc /proc
        own_sys
        mount --bind "$STATE/hosts" /etc/hosts
        mount -t tmpfs -o mode=755 tmpfs /srv
        mkdir /srv/images /srv/scratch
        if [ -n "$images" ]; then mount_images; fi
        mount -t tmpfs -o mode=1777 tmpfs /dev/shm
    fi
    echo ready
    exec >/dev/null 2>&1
    # Process 1 has to collect the orphans, which bash does while it waits, here for what never comes. Who removes the
    # state has no more use for the node.
    local never
    exec {never}<> <(:)
    while [ -d "$STATE/$node" ]; do read -r -t 2 -u "$never" || true; done
}

mount_images() {
    mount --bind "/proc/self/fd/$images_fd" /srv/images
    exec {images_fd}<&-
    [ -e "$STATE/writable" ] || mount -o remount,bind,ro /srv/images
}

# A /sys that shows the host's own network; the control groups, which say how many processors there are, stay.
own_sys() {
    local groups
    exec {groups}</sys/fs/cgroup
    mount -t sysfs sysfs /sys
    mount --rbind "/proc/self/fd/$groups" /sys/fs/cgroup
    exec {groups}<&-
}

# ---- up and down

up() {
    local option count=0 shared='' watched='' writable='' dir node dirs=()
    while getopts n:a:we option; do
        case $option in
            n) count=$OPTARG ;;
            a) shared=$OPTARG ;;
            w) writable=yes ;;
            # For tests: the cluster goes down when standard input ends, however its owner ended.
            e) watched=yes ;;
            *) exit 2 ;;
        esac
    done
    shift $((OPTIND - 1))
    [[ $count =~ ^[0-9]{1,4}$ ]] || die "not a number of hosts: $count"
    [ "$count" -gt 0 ] || count=$(($# > 2 ? $# : 2))
    [ "$count" -le "$MOST_HOSTS" ] || die "at most $MOST_HOSTS hosts: $count"
    [ $# -le "$count" ] || die "$# folders for $count hosts"
    [ -z "$shared" ] || [ $# = 0 ] || die "-a takes one folder for all hosts, and no others: $1"
    for dir in ${shared:+"$shared"} "$@"; do
        [ -d "$dir" ] || die "there is no such folder: $dir"
        dirs+=("$(readlink -f "$dir")")
    done
    may_start
    mkdir -p "$(dirname "$STATE")"
    mkdir -m 700 "$STATE" 2>/dev/null || die "it is up already, or cannot be written: $STATE" "cargo xtask cluster down"
    STATE=$(readlink -f "$STATE")
    export CLUSTER_STATE=$STATE
    case $STATE/ in /dev/shm/* | /srv/* | /sys/*) rmdir "$STATE"; die "the hosts have their own: $STATE" ;; esac
    trap take_down EXIT
    if [ -n "$watched" ]; then setsid "$SELF" watch <&0 >/dev/null 2>&1 & fi
    [ -z "$writable" ] || : >"$STATE/writable"
    write_names "$count"
    mkdir "$STATE/switch"
    # shellcheck disable=SC2046 # no word, or several
    start switch $(first_namespace) --net --mount
    on_switch ip link set dev lo up
    on_switch ip link add name br0 type bridge
    on_switch ip link set dev br0 up
    for node in head $(seq -f 'h%g' "$count"); do
        mkdir "$STATE/$node"
        [ "$node" = head ] || pick_images >"$STATE/$node/images"
        boot "$node"
        [ "$node" = head ] || [ -n "$shared" ] || [ ${#dirs[@]} = 0 ] || dirs=("${dirs[@]:1}")
    done
    for node in $(hosts); do
        answers_soon "$node" || die "$node does not answer"
    done
    trap - EXIT
    say "up: head, $(hosts | xargs | sed 's/ /, /g'); state in $STATE"
}

pick_images() { [ ${#dirs[@]} = 0 ] || printf %s "${dirs[0]}"; }

# Refuses early, and says what is needed, where namespaces cannot be made.
may_start() {
    local tool cause
    for tool in unshare nsenter setsid ip hostname timeout; do
        command -v "$tool" >/dev/null || die "needs \`$tool\`" "cargo xtask setup"
    done
    # shellcheck disable=SC2046
    cause=$(unshare $(first_namespace) --net --mount --pid --fork --mount-proc true 2>&1) || die \
        "namespaces cannot be made here: ${cause:-unshare failed}" \
        "run it as root (CAP_SYS_ADMIN), or let users make user namespaces: sysctl user.max_user_namespaces=10000
      kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0, those of them that exist"
}

# The user namespace for who lacks the right to make the others.
first_namespace() { unshare --net true 2>/dev/null || echo --user --map-root-user; }

write_names() {
    local i slots=${CLUSTER_SLOTS:-2}
    [[ $slots =~ ^[1-9][0-9]{0,3}$ ]] || die "CLUSTER_SLOTS is no number of ranks: $slots"
    {
        echo "127.0.0.1 localhost"
        echo "$NETWORK.$HEAD_NUMBER head"
        for ((i = 1; i <= $1; i++)); do echo "$NETWORK.$i h$i"; done
    } >"$STATE/hosts"
    for ((i = 1; i <= $1; i++)); do echo "h$i slots=$slots"; done >"$STATE/hostfile"
    for ((i = 1; i <= $1; i++)); do echo "h$i:$slots"; done >"$STATE/hostfile.hydra"
    printf '#!/bin/sh\nCLUSTER_STATE=%q exec %q ssh "$@"\n' "$STATE" "$SELF" >"$STATE/agent"
    chmod +x "$STATE/agent"
}

# Starts head or a host and plugs it in.
boot() {
    local node=$1 namespaces=(--net --uts --mount)
    [ "$node" = head ] || namespaces+=(--ipc --pid --fork)
    start "$node" "${namespaces[@]}"
    # A host that is started again has the same address on the wire, which others remember.
    on_switch ip link add name "$node" type veth \
        peer name eth0 netns "$KEEPER" address "$(printf '02:00:00:00:00:%02x' "$(number_of "$node")")"
    on_switch ip link set dev "$node" master br0 up
    (inside "$node" ip -batch - <<<"link set dev lo up
        address add $NETWORK.$(number_of "$node")/24 dev eth0
        link set dev eth0 up")
}

on_switch() {
    local namespaces=(--net)
    keeper switch
    [ "$(user_namespace_of self)" = "$(user_namespace_of "$KEEPER")" ] || namespaces+=(--user --preserve-credentials)
    nsenter --target "$KEEPER" "${namespaces[@]}" -- "$@"
}

# Does the host answer the login node within a second? Nothing listens at this port: to be refused is an answer.
answers() {
    local answer
    # shellcheck disable=SC2016
    answer=$(inside head env LC_ALL=C timeout 1 bash -c ': <"/dev/tcp/$0/9"' "$NETWORK.$(number_of "$1")" 2>&1) || true
    [[ $answer == *refused* ]]
}

answers_soon() {
    local try
    for ((try = 0; try < 10; try++)); do
        if answers "$1"; then return; fi
        sleep 0.1
    done
    return 1
}

# Takes the cluster down when standard input ends: its other end is held by the owner, and by nobody else.
watch() {
    mkdir "$STATE/watch"
    identify self
    echo "$PID $BORN" >"$STATE/watch/keeper"
    cat >/dev/null
    [ ! -d "$STATE" ] || take_down
}

down() {
    [ -d "$STATE" ] || die "no cluster is up in $STATE"
    STATE=$(readlink -f "$STATE")
    take_down
    say "down"
}

take_down() {
    trap - EXIT
    local node try network found own keepers=() networks=()
    own=$(readlink /proc/self/ns/net)
    for node in switch head $(hosts); do
        if keeper "$node"; then
            keepers+=("$KEEPER")
            network=$(readlink "/proc/$KEEPER/ns/net")
            # Everything in these networks is about to be killed.
            [ "$network" = "$own" ] || networks+=("$network")
        fi
    done
    # The keepers go last: while one lives, no other namespace can get the number of its own.
    for ((try = 0; try < 100; try++)); do
        found=$(members | grep -vxF "$(printf '%s\n' "${keepers[@]}")") || break
        # shellcheck disable=SC2086 # numbers
        kill -KILL $found 2>/dev/null || true
        sleep 0.02
    done
    [ ${#keepers[@]} = 0 ] || kill -KILL "${keepers[@]}" 2>/dev/null || true
    for ((try = 0; try < 250; try++)); do
        for node in "${keepers[@]}"; do
            if [ -e "/proc/$node/ns/net" ] && readlink "/proc/$node/ns/net" >/dev/null 2>&1; then continue 2; fi
        done
        break
    done
    if keeper watch && [ "$KEEPER" != $$ ]; then kill -KILL "$KEEPER"; fi
    rm -rf "$STATE"
}

# The processes that are in a network of this cluster.
members() {
    local network pattern=
    for network in "${networks[@]}"; do pattern+="${pattern:+|}${network//[^0-9]/}"; done
    [ -n "$pattern" ] || return 0
    { stat --format='%n %N' /proc/[0-9]*/ns/net 2>/dev/null || true; } |
        sed -nE "s#^/proc/([0-9]+)/ns/net .*net:\\[($pattern)\\]'\$#\\1#p"
}

# ---- The network and the power

cable() { on_switch ip link set dev "$1" "$2"; }

host_must_be_up() {
    [ "$1" != head ] || die "this is for hosts, not for the login node"
    must_be_up "$1"
}

kill_host() {
    must_be_up "$1"
    local try dead=$KEEPER
    kill -KILL "$dead"
    for ((try = 0; try < 250; try++)); do
        keeper "$1" || return 0
        sleep 0.02
    done
    die "$1 does not end"
}

turn_on() {
    [ -d "$STATE/$1" ] || must_be_up "$1"
    if keeper "$1"; then die "$1 is on already"; fi
    # The network of a host goes some time after its last process, and its end of the cable with it.
    on_switch ip link delete dev "$1" 2>/dev/null || true
    boot "$1"
    answers_soon "$1" || die "$1 does not answer"
}

status() {
    [ -d "$STATE" ] || die "no cluster is up in $STATE" "cargo xtask cluster up"
    local node cable
    for node in head $(hosts); do
        if ! keeper "$node"; then
            echo "$node off"
            continue
        fi
        cable=plugged
        on_switch ip -oneline link show dev "$node" | grep -q '[<,]UP[,>]' || cable="cut"
        echo "$node $NETWORK.$(number_of "$node") $cable $( (inside "$node" find /srv/images -mindepth 1 -maxdepth 1) | wc -l)"
    done
}

# ---- MPI

# Sets IDLE, INTERVAL and PROBES; leaves IDLE empty where the launcher's own are wanted.
read_keepalive() {
    local setting=${CLUSTER_KEEPALIVE:-4/1/3}
    IDLE='' INTERVAL='' PROBES=''
    [ "$setting" != off ] || return 0
    [[ $setting =~ ^([1-9][0-9]*)/([1-9][0-9]*)/([1-9][0-9]*)$ ]] ||
        die "CLUSTER_KEEPALIVE is not IDLE/INTERVAL/PROBES: $setting"
    IDLE=${BASH_REMATCH[1]} INTERVAL=${BASH_REMATCH[2]} PROBES=${BASH_REMATCH[3]}
}

# Takes the place of ssh: [-OPTION...] HOST WORD... runs the words by a shell on the host. As with ssh, nothing of the
# environment goes along, a host that does not answer is an error, and with keep-alive (ServerAliveInterval) so is one
# that no longer does; without it, the loss is never noticed.
ssh_to() {
    while [[ ${1-} == -* ]]; do shift; done
    local host=$1 child sleeper first status code='' answered=$SECONDS
    shift
    read_keepalive
    answers "$host" || { say "no route to $host"; exit 255; }
    (inside "$host" env -i PATH="$PATH" HOME="$HOME" TMPDIR=/dev/shm /bin/sh -c "$*") <&0 &
    child=$!
    # shellcheck disable=SC2064 # the number of now
    trap "kill $child 2>/dev/null" TERM INT HUP
    while :; do
        sleep "${INTERVAL:-1}" >/dev/null 2>&1 &
        sleeper=$! first=
        # Bash would tell who was killed.
        { wait -n -p first ${child:+"$child"} "$sleeper" && status=0 || status=$?; } 2>/dev/null
        if [ -n "$child" ] && [ "${first-}" = "$child" ]; then child='' code=$status; fi
        # Who dies with its host says nothing to the other end.
        if answers "$host"; then answered=$SECONDS; fi
        if [ -z "$child" ] && [ "$answered" = "$SECONDS" ]; then
            kill "$sleeper" 2>/dev/null || true
            exit "$code"
        fi
        if [ -n "$IDLE" ] && [ $((SECONDS - answered)) -ge $((IDLE + INTERVAL * PROBES)) ]; then
            say "$host does not respond"
            [ -z "$child" ] || kill "$child" 2>/dev/null || true
            exit 255
        fi
    done
}

# Sets LAUNCHER to the words that start the ranks, and SETTINGS to the environment they need; $1 is the interface, and
# $2 the folder with agent and hosts, or nothing.
launcher() {
    local interface=$1 cluster=$2 library=
    read_keepalive
    SETTINGS=()
    case $MPI in
        openmpi-4) LAUNCHER=(mpirun.openmpi) ;;
        openmpi-5)
            library=$MPI_HOME/openmpi-5/lib
            LAUNCHER=("$MPI_HOME/openmpi-5/bin/mpirun" -x "LD_LIBRARY_PATH=$library" -x "MPI_LIB=$library/libmpi.so.40")
            ;;
        mpich-5) LAUNCHER=("$MPI_HOME/mpich-5/bin/mpiexec") SETTINGS=(MPI_LIB="$MPI_HOME/mpich-5/lib/libmpi.so.12") ;;
        mpich-5-abi)
            LAUNCHER=("$MPI_HOME/mpich-5/bin/mpiexec") SETTINGS=(MPI_LIB="$MPI_HOME/mpich-5/lib/libmpi_abi.so.1")
            ;;
        *) die "unknown MPI \`$MPI\`; known are: openmpi-4 openmpi-5 mpich-5 mpich-5-abi" ;;
    esac
    command -v "${LAUNCHER[0]}" >/dev/null || die "${LAUNCHER[0]} is not there" "cargo xtask setup"
    case $MPI in
        openmpi-4) settings_of_open_mpi_4 ;;
        openmpi-5) settings_of_open_mpi_5 ;;
        mpich-5*) settings_of_mpich ;;
    esac
}

# Between hosts over tcp, inside one by shared memory; any number of ranks on any processor.
settings_of_open_mpi_4() {
    # shellcheck disable=SC2054 # the commas belong to the values
    SETTINGS+=(
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        OMPI_MCA_oob_tcp_if_include="$interface" OMPI_MCA_btl_tcp_if_include="$interface"
        OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,vader,tcp
        OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_rmaps_base_oversubscribe=1
    )
    [ -z "$cluster" ] || SETTINGS+=(
        OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent="$cluster/agent" OMPI_MCA_plm_rsh_no_tree_spawn=1
        OMPI_MCA_orte_default_hostfile="$cluster/hostfile"
    )
    [ -z "$IDLE" ] || SETTINGS+=(
        OMPI_MCA_oob_tcp_keepalive_time="$IDLE" OMPI_MCA_oob_tcp_keepalive_intvl="$INTERVAL"
        OMPI_MCA_oob_tcp_keepalive_probes="$PROBES"
    )
}

# Its launcher is a program of its own, PRRTE, with its own settings.
settings_of_open_mpi_5() {
    # shellcheck disable=SC2054 # the commas belong to the values
    SETTINGS+=(
        PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
        PRTE_MCA_prte_if_include="$interface" PMIX_MCA_ptl_tcp_if_include="$interface"
        OMPI_MCA_btl_tcp_if_include="$interface" OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,sm,tcp
        PRTE_MCA_hwloc_default_binding_policy=none PRTE_MCA_rmaps_default_mapping_policy=slot:oversubscribe
    )
    [ -z "$cluster" ] || SETTINGS+=(
        PRTE_MCA_plm=ssh PRTE_MCA_plm_ssh_agent="$cluster/agent" PRTE_MCA_plm_ssh_no_tree_spawn=1
        PRTE_MCA_prte_default_hostfile="$cluster/hostfile"
    )
    [ -z "$IDLE" ] || SETTINGS+=(
        PRTE_MCA_oob_tcp_keepalive_time="$IDLE" PRTE_MCA_oob_tcp_keepalive_intvl="$INTERVAL"
        PRTE_MCA_oob_tcp_keepalive_probes="$PROBES"
    )
}

settings_of_mpich() {
    LAUNCHER+=(-iface "$interface")
    [ -z "$cluster" ] || LAUNCHER+=(-launcher ssh -launcher-exec "$cluster/agent" -f "$cluster/hostfile.hydra")
}

run() {
    MPI=openmpi-4
    if [ "${1-}" = --mpi ]; then
        [ $# -ge 2 ] || die "--mpi needs a name"
        MPI=$2
        shift 2
    fi
    if [ -n "$HERE" ]; then
        may_start
        launcher lo ''
        # Open MPI 5 uses loopback only where there is nothing else. Launchers that share a temporary folder take each
        # other's away at times: each has its own.
        # shellcheck disable=SC2046,SC2016
        exec unshare $(first_namespace) --net --mount -- \
            /bin/sh -c 'ip link set dev lo up && mount -t tmpfs none /dev/shm && TMPDIR=/dev/shm exec "$@"' sh env "${SETTINGS[@]}" "${LAUNCHER[@]}" "$@"
    fi
    must_be_up head
    launcher eth0 "$(readlink -f "$STATE")"
    # For the agent, which mpirun calls.
    inside head env CLUSTER_KEEPALIVE="${CLUSTER_KEEPALIVE:-4/1/3}" "${SETTINGS[@]}" "${LAUNCHER[@]}" "$@"
}

needs_host() { [ "$1" -ge 1 ] || die "which host?" "cargo xtask cluster help"; }

main() {
    local command=${1-}
    [ $# = 0 ] || shift
    HERE=
    case $command in exec | cut | heal | off | crash | on) needs_host $# ;; esac
    case $command in
        up) up "$@" ;;
        run) run "$@" ;;
        mpich) run --mpi mpich-5 "$@" ;;
        here) HERE=yes && run "$@" ;;
        exec)
            [ $# -ge 2 ] || die "which command?"
            inside "$@"
            ;;
        cut) host_must_be_up "$1" && cable "$1" down ;;
        heal) host_must_be_up "$1" && cable "$1" up ;;
        off) host_must_be_up "$1" && cable "$1" down && kill_host "$1" ;;
        crash) host_must_be_up "$1" && kill_host "$1" ;;
        on) turn_on "$1" ;;
        status) status ;;
        down) down ;;
        help | --help | -h) help ;;
        # What the script starts itself.
        keep) keep "$@" ;;
        watch) watch ;;
        ssh) ssh_to "$@" ;;
        '') die "no command is given" "cargo xtask cluster help" ;;
        *) die "there is no command \`$command\`" "cargo xtask cluster help" ;;
    esac
}

main "$@"

# shellcheck shell=sh disable=SC2034
# The Debian packages that heir is built with, and need_packages, which installs those that are missing. Sourced by the scripts
# beside it; speaks on standard error only.

build_packages="g++ cmake ninja-build ccache libboost-dev libfmt-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev libedit-dev libsqlite3-dev libzmq3-dev libpq-dev libzstd-dev libfuse3-dev"
test_packages="catch2 dpkg-dev clang-16 libclang-rt-16-dev clang-format-14 binutils zstd postgresql-15 haproxy iproute2 sqlite3 slurmctld slurmd slurm-client munge"

page_packages="chromium fonts-dejavu-core"

# need_packages NAME…: asks the package database first; as root or with sudo.
need_packages() {
  missing=
  for package in "$@"; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) in
      installed) ;;
      *) missing="$missing $package" ;;
    esac
  done
  [ -n "$missing" ] || return 0
  as_root=
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "heir: needs these packages, and neither root nor sudo is here to install them:$missing" >&2; return 2; }
    as_root=sudo
  fi
  echo "heir: installing$missing" >&2
  export DEBIAN_FRONTEND=noninteractive
  # A machine that knows its packages already need not be asked to learn them again.
  # shellcheck disable=SC2086
  $as_root apt-get install -y -q --no-install-recommends $missing >&2 ||
    { $as_root apt-get update -q >&2 && $as_root apt-get install -y -q --no-install-recommends $missing >&2; } ||
    { echo "heir: could not install$missing" >&2; return 2; }
}

# need_page_tools: for the page of reports. npm may be there without Debian's package of it.
need_page_tools() {
  # shellcheck disable=SC2086
  need_packages $page_packages && { command -v npm >/dev/null || need_packages nodejs npm; }
}

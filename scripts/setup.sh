#!/usr/bin/env bash
# setup.sh [package ...]: installs what grids needs from Debian's packages, and those that are named,
# unless it is there. Prints nothing when all is.
set -euo pipefail

packages=(
  cmake ninja-build g++ pkg-config ccache
  libtorch-dev libdnnl-dev libhdf5-dev libcli11-dev libtomlplusplus-dev libfmt-dev nlohmann-json3-dev
  librandom123-dev libssl-dev zlib1g-dev libisal-dev liblzf-dev libzstd-dev libblosc-dev
  libhts-dev libbigwig-dev libcpp-httplib-dev libhnswlib-dev
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev libigraph-dev  # tests and bench only
  python3 python3-anndata python3-h5py
  "$@"
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
    missing+=("$package")
done
[ "${#missing[@]}" -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "Please install what these Debian packages hold: ${missing[*]}" >&2
  exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || { echo "Please run as root: apt-get install ${missing[*]}" >&2; exit 1; }
  as_root=(sudo)
fi
echo "Installing ${#missing[@]} Debian packages …" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# A machine that is thrown away need not wait until every file is on the disk.
quickly=()
[ -z "${CI:-}" ] || quickly=(-o Dpkg::Options::=--force-unsafe-io)
"${as_root[@]}" apt-get update >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
"${as_root[@]}" apt-get install -y "${quickly[@]}" --no-install-recommends "${missing[@]}" >"$log" 2>&1 ||
  { cat "$log" >&2; exit 1; }

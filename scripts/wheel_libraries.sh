#!/usr/bin/env bash
# wheel_libraries.sh: what cibuildwheel's image needs before scgrids is compiled in it (pyproject.toml).
#
# UNTESTED, as that configuration is: no container could be run, and AlmaLinux's package lists were not at hand. The
# names are those that Fedora's packaging gives to what scripts/setup.sh installs on Debian; which of them EPEL 9
# lacks, dnf says. hnswlib is headers, of PyPI's source package.
set -euo pipefail

packages=(
  # of AlmaLinux 9 itself
  openssl-devel zlib-devel libzstd-devel nodejs npm
  # of CRB and EPEL
  hdf5-devel blosc-devel fmt-devel json-devel cli11-devel libdeflate-devel liblzf-devel tomlplusplus-devel
  cpp-httplib-devel Random123-devel onednn-devel
)
dnf install -y epel-release 'dnf-command(config-manager)'
dnf config-manager --set-enabled crb
dnf install -y "${packages[@]}"

headers=$(mktemp -d)
python3 -m pip download --quiet --no-deps --no-binary hnswlib --dest "$headers" hnswlib
tar -xzf "$headers"/hnswlib-*.tar.gz -C "$headers"
cp -r "$headers"/hnswlib-*/hnswlib /usr/local/include/

#!/usr/bin/env python3
"""The Debian packages in a root where nothing else is: packages.py SOURCE BUILD

Packs what is built, makes a minimal Debian in a folder (debootstrap), runs in it the step of the Dockerfile's last
stage that installs the packages, and goes from simulated cells to a report there. Skipped, with the reason and exit
code 77, where a folder cannot become a root: not root, no debootstrap or dpkg-dev, chroot or Debian's packages out of
reach.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# What a program in the root sees of processes; gone with the command.
IN_ROOT = """
mount -t proc proc "$1/proc" || exit 70
root=$1
shift
exec chroot "$root" "$@"
"""


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def run(*words, **more):
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, **more)


def inside(root, *words):
    """Runs a command in the root; ends the test where it fails."""
    done = run("unshare", "--mount", "sh", "-c", IN_ROOT, "sh", root, "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8",
               "DEBIAN_FRONTEND=noninteractive", *words)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: exit code {done.returncode}\n{done.stdout[-1500:]}{done.stderr[-3000:]}")
    return done.stdout


def debian_mirror():
    """Where this machine has Debian 12 from."""
    told = run("apt-get", "indextargets", "--format", "$(CODENAME) $(SITE) $(COMPONENT)", "Created-By: Packages")
    for line in told.stdout.splitlines():
        codename, _, rest = line.partition(" ")
        site, _, component = rest.rpartition(" ")
        if codename == "bookworm" and component == "main" and site.rstrip("/").endswith("/debian"):
            return site
    return ""


def make_root(root):
    if os.geteuid() != 0:
        skip("making a root needs root")
    if not shutil.which("debootstrap"):
        skip("debootstrap is missing")
    mirror = debian_mirror()
    if not mirror:
        skip("this machine has no Debian 12 among its package sources")
    done = run("debootstrap", "--variant=minbase", "bookworm", root, mirror)
    if done.returncode != 0:
        skip(f"debootstrap: {(done.stdout + done.stderr).strip().splitlines()[-1]}")
    tried = run("unshare", "--mount", "sh", "-c", IN_ROOT, "sh", root, "true")
    if tried.returncode != 0:
        skip(f"mount or chroot is not allowed: {tried.stderr.strip()}")
    # It is thrown away: nothing need wait for the disk.
    (root / "etc/dpkg/dpkg.cfg.d/unsafe").write_text("force-unsafe-io\n")
    # The machine's own way to Debian's packages.
    for place in ("etc/apt/sources.list.d/debian.sources", "etc/resolv.conf", "etc/hosts"):
        if pathlib.Path("/", place).is_file():
            shutil.copy(pathlib.Path("/", place), root / place)
    for part in pathlib.Path("/etc/apt/apt.conf.d").glob("*"):
        if re.search("proxy|verify", part.read_text(), re.I):
            shutil.copy(part, root / "etc/apt/apt.conf.d" / part.name)
    certificates = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
    if certificates.is_file():
        (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
        shutil.copy(certificates, root / "etc/ssl/certs")
    if (root / "etc/apt/sources.list.d/debian.sources").is_file():
        (root / "etc/apt/sources.list").unlink(missing_ok=True)


def pack(build, folder):
    if not shutil.which("dpkg-shlibdeps"):
        skip("dpkg-dev is missing")
    folder.mkdir()
    done = run("cpack", "--config", build / "CPackConfig.cmake", "-B", folder)
    if done.returncode != 0:
        sys.exit(f"cpack: {done.stderr[-3000:]}")
    shutil.rmtree(folder / "_CPack_Packages")
    made = {path.name.split("_")[0]: path for path in folder.glob("*.deb")}
    if set(made) != {"grids", "grids-torch", "grids-tracks", "libgrids-dev"}:
        sys.exit(f"cpack made {sorted(made)}")
    # What starts quickly and everywhere stays free of LibTorch and htslib.
    for name, without in (("grids", ("libtorch", "libhts")), ("libgrids-dev", ("libtorch", "libhts")), ("grids-tracks", ("libtorch",))):
        needs = run("dpkg-deb", "--field", made[name], "Depends").stdout
        if any(each in needs for each in without) or "libc6" not in needs:
            sys.exit(f"{made[name].name} depends on {needs}")


def install_step(source):
    """The RUN of the last stage, as one line of shell."""
    stage = (source / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    return re.search(r"^RUN (.*)$", stage, re.M).group(1)


def work_in(root):
    """From nothing to a report, by what is installed."""
    inside(root, "sh", "-c", "mkdir /data")
    data = lambda *words: inside(root, "sh", "-c", 'cd /data && exec "$@"', "sh", *words)
    print(data("grids", "--version").strip())
    data("grids", "simulate", "--preset", "tiny", "--seed", "3", "-o", "cells", "--quiet")
    data("grids", "run", "cells/cells.h5mu", "--labels", "cell_type", "--genes", "cells/genes.bed", "--max-training-steps", "30",
         "--latent", "7", "--training-batch", "100", "-L", "3", "--force", "-o", "results", "--quiet")
    data("grids", "export", "results", "--contradicted", "--format", "bigwig,longrange", "-o", "tracks", "--quiet")
    results = root / "data"
    for file in ("results/report.html", "results/subsets.tsv", "tracks/openness_all.bw", "tracks/links.longrange.gz.tbi"):
        if not (results / file).is_file():
            sys.exit(f"{file} was not made")
    for shell, place in (("bash", "bash-completion/completions/grids"), ("zsh", "zsh/vendor-completions/_grids"),
                         ("fish", "fish/vendor_completions.d/grids.fish")):
        if (root / "usr/share" / place).read_text() != inside(root, "grids", "completions", shell):
            sys.exit(f"the completion of {shell} is another than the program prints")


def remove_from(root):
    inside(root, "apt-get", "purge", "-y", "grids", "grids-torch", "grids-tracks")
    left = [path for path in (root / "usr").rglob("*grids*") if "dpkg" not in path.parts]
    if left:
        sys.exit(f"left when the packages are gone: {left[:5]}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("source", type=pathlib.Path)
    arguments.add_argument("build", type=pathlib.Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="grids_root_") as temporary:
        root = pathlib.Path(temporary) / "root"
        make_root(root)
        pack(given.build, root / "packages")
        inside(root, "sh", "-c", install_step(given.source))
        work_in(root)
        remove_from(root)


if __name__ == "__main__":
    main()

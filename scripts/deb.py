#!/usr/bin/env python3
"""Makes the Debian package of what was built: `deb.py [--version V] [--out FOLDER] [--quick] BIN_DIR`; prints its path.

It runs on hosts without Swift: the libraries of the runtime that the programs are linked with go along. The same source
and programs give the same bytes. --quick packs fast instead of small. DEBFULLNAME and DEBEMAIL name who packs.
"""
import argparse
import gzip
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from lab import deb_parts

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGING = ROOT / "packaging"
UV = pathlib.Path("/opt/roost-tools/bin/uv")


def output(*words):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def put(path, text, mode=0o644):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def pack(path, data):
    """A compressed text, without the name and the hour that gzip would put in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 9, mtime=0))
    path.chmod(0o644)


def owner(library):
    """The package of a library of the system, and its version where it is the C library."""
    # What /lib has is told by some packages as of /lib, by others as of /usr/lib.
    real = pathlib.Path(library).resolve()
    for path in (real, pathlib.Path(str(real).removeprefix("/usr"))):
        told = subprocess.run(["dpkg-query", "-S", path], check=False, capture_output=True, text=True).stdout
        if told:
            name = told.split(":")[0]
            version = output("dpkg-query", "-W", "-f", "${Version}", name)
            return name, version.split("-")[0] if name == "libc6" else None
    raise SystemExit(f"no package owns {library}, which the programs are linked with")


def programs(root, binaries):
    """roost, roostd, completions and man pages by the way of `make install`, then as Debian has them."""
    output("scripts/install-programs.sh", binaries, root / "usr")
    # Alternatives, made when it is installed: another package may have the names.
    for name in ("fly", "flyctl"):
        (root / "usr/bin" / name).unlink()
    zsh = root / "usr/share/zsh"
    (zsh / "site-functions").rename(zsh / "vendor-completions")
    for page in sorted((root / "usr/share/man").rglob("*.[18]")):
        pack(page.with_name(page.name + ".gz"), page.read_bytes())
        page.unlink()


def libraries(root):
    """Puts Swift's libraries beside the programs, tells these to look there; returns what the system has to have."""
    paths = {}
    folder = root / deb_parts.RUNTIME.lstrip("/")
    for name in ("roost", "roostd"):
        paths |= deb_parts.linked(output("ldd", root / "usr/bin" / name))
    swift = {name: path for name, path in paths.items() if deb_parts.of_swift(path)}
    for name, path in sorted(swift.items()):
        shutil.copy(path, folder / name)
        (folder / name).chmod(0o644)
    files = [root / "usr/bin/roost", root / "usr/bin/roostd", *folder.glob("*.so")]
    asked = set().union(*(deb_parts.needed(output("readelf", "-d", file)) for file in files))
    (folder / "bin").mkdir()
    shutil.copy(UV, folder / "bin/uv")
    for program in ("roost", "roostd"):
        path = root / "usr/bin" / program
        output("strip", "--remove-section=.comment", "--remove-section=.note", path)
        if "RUNPATH" in output("readelf", "-d", path):
            output("chrpath", *(["-r", deb_parts.RUNTIME] if swift else ["-d"]), path)
    for path in [*folder.glob("*.so"), folder / "bin/uv"]:
        output("strip", "--strip-unneeded", "--remove-section=.comment", "--remove-section=.note", path)
    return {path for name, path in paths.items() if name in asked and name not in swift}


def documents(root, version, maintainer, moment):
    doc = root / "usr/share/doc/roost"
    for page in (ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))):
        if page.stem in ("status", "benchmarks"):
            continue
        pack(doc / page.relative_to(ROOT).with_name(page.name + ".gz"), page.read_bytes())
    put(doc / "README.Debian", (PACKAGING / "deb/README.Debian").read_text())
    checkouts = sorted(path for path in (ROOT / ".build/checkouts").iterdir() if path.is_dir())
    put(doc / "copyright", deb_parts.copyright_text([path.name for path in checkouts]))
    notices = [(path.name, notice.read_bytes()) for path in checkouts for notice in sorted(path.glob("NOTICE*"))]
    notices += [("Yams", (ROOT / ".build/checkouts/Yams/LICENSE").read_bytes())]
    pack(doc / "NOTICE.gz", b"\n".join(name.encode() + b"\n\n" + text for name, text in notices))
    pack(doc / "changelog.gz", deb_parts.changelog(version, maintainer, moment).encode())


def settings(root):
    for unit in ("roost-serve.service", "roost-edge.service"):
        put(root / "usr/lib/systemd/system" / unit, deb_parts.moved((PACKAGING / unit).read_text()))
    put(root / "usr/lib/tmpfiles.d/roost.conf", (PACKAGING / "deb/tmpfiles.conf").read_text())
    put(root / "usr/share/lintian/overrides/roost", (PACKAGING / "deb/lintian-overrides").read_text())
    put(root / "etc/roost/roost.toml", (PACKAGING / "roost.toml").read_text())


def describe(root, version, maintainer, system):
    """DEBIAN/, of all that is there by now."""
    files = sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())
    sums = [f"{hashlib.md5(path.read_bytes()).hexdigest()}  {path.relative_to(root)}\n" for path in files]
    size = sum(-(-path.stat().st_size // 1024) for path in files)
    wanted = output("scripts/install.sh", "list").split()
    owners = dict(owner(library) for library in system)
    architecture = output("dpkg", "--print-architecture")
    needs = deb_parts.depends(wanted, owners)
    put(root / "DEBIAN/control", deb_parts.control(version, architecture, maintainer, needs, size))
    put(root / "DEBIAN/md5sums", "".join(sums))
    put(root / "DEBIAN/conffiles", "/etc/roost/roost.toml\n")
    for script in ("postinst", "prerm", "postrm"):
        put(root / "DEBIAN" / script, (PACKAGING / "deb" / script).read_text(), 0o755)
    return architecture


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binaries", help="the folder of roost and roostd")
    parser.add_argument("--version", help="the package's version; else that of roost")
    parser.add_argument("--out", default=ROOT / ".build", type=pathlib.Path, help="the folder for the package")
    parser.add_argument("--quick", action="store_true", help="pack fast instead of small")
    options = parser.parse_args()
    version = options.version or output(f"{options.binaries}/roost", "--version")
    if not deb_parts.VERSION.fullmatch(version):
        parser.error(f"\"{version}\" is no version: it begins with a digit and has letters, digits, . + ~ - only")
    if not UV.exists():
        parser.error(f"{UV} is not there: scripts/install.sh deb")
    os.environ.setdefault("SOURCE_DATE_EPOCH", output("git", "log", "-1", "--format=%ct"))
    name = os.environ.get("DEBFULLNAME", "Maintainers of Roost")
    maintainer = f"{name} <{os.environ.get('DEBEMAIL', 'maintainers@roost.invalid')}>"
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="roost-deb-") as folder:
        root = pathlib.Path(folder) / "root"
        root.mkdir()
        programs(root, options.binaries)
        system = libraries(root)
        settings(root)
        documents(root, version, maintainer, int(os.environ["SOURCE_DATE_EPOCH"]))
        architecture = describe(root, version, maintainer, system)
        package = options.out.resolve() / f"roost_{version}_{architecture}.deb"
        packing = ["-Zgzip", "-z1"] if options.quick else ["-Zxz"]
        output("dpkg-deb", "--root-owner-group", *packing, "--build", root, package)
    print(package)


if __name__ == "__main__":
    main()

"""The texts of the Debian package, made from values: what `scripts/deb.py` writes into DEBIAN/ and /usr/share/doc."""
import email.utils
import re

RUNTIME = "/usr/lib/roost"
# Where `make install` puts things, and where a package of the distribution does.
MOVED = (("/usr/local/bin/", "/usr/bin/"), ("/usr/local/lib/roost/", f"{RUNTIME}/"))
VERSION = re.compile(r"[0-9][A-Za-z0-9.+~-]*")


def linked(ldd):
    """What `ldd` says of a program: the path of each library by its name."""
    paths = {}
    for line in ldd.splitlines():
        name, _, place = line.strip().partition(" => ")
        if place.startswith("not found"):
            raise ValueError(f"{name} was not found: is the toolchain that built the programs still there?")
        if place:
            paths[name] = place.split(" (")[0]
    return paths


def of_swift(path):
    """Debian has no Swift: its libraries go into the package, from whatever folder the toolchain has them in."""
    return "/lib/swift/linux/" in path


def needed(readelf):
    """The names of the libraries that a file itself asks for."""
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", readelf))


def depends(wanted, owners):
    """The Depends of the package: what a host has to have, and the packages of linked libraries with their versions.

    `owners` has the version of the C library alone: what it adds is used without a further word, others' is not.
    """
    libraries = [f"{name} (>= {version})" if version else name for name, version in sorted(owners.items())]
    return ", ".join(libraries + sorted(set(wanted) - set(owners)))


def control(version, architecture, maintainer, depends, size_kib):
    return f"""\
Package: roost
Version: {version}
Architecture: {architecture}
Maintainer: {maintainer}
Installed-Size: {size_kib}
Depends: {depends}
Recommends: bash-completion, restic
Section: admin
Priority: optional
Description: application platform of your own, for apps made for Fly.io
 Roost runs web applications on hosts that you own: it builds a project,
 starts it in isolated machines, rolls new releases out behind health checks
 without dropping a request, and serves them behind its own edge proxy.
 .
 This package has the daemons of a host, which systemd starts, and the
 command roost, which also works on hosts elsewhere.
"""


def changelog(version, maintainer, moment):
    return (f"roost ({version}) unstable; urgency=medium\n\n  * Built from the project's source; README.md there says what is new.\n\n"
            f" -- {maintainer}  {email.utils.formatdate(moment, localtime=False).replace('-0000', '+0000')}\n")


def copyright_text(libraries):
    """`libraries`: the Swift packages that are linked in."""
    return f"""\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: Roost
Comment: The programs have these libraries linked in, all under Apache-2.0 but Yams (MIT):
 {", ".join(libraries)}.
 Their notices are in /usr/share/doc/roost/NOTICE.gz.

Files: *
Copyright: 2026 the authors of Roost
License: Apache-2.0

Files: usr/lib/roost/*.so
Copyright: 2014-2026 Apple Inc. and the Swift project authors
License: Apache-2.0
Comment: With the runtime library exception of the Swift project. lib_FoundationICU.so is ICU, copyright
 Unicode, Inc., under the Unicode License v3, https://www.unicode.org/license.txt

Files: usr/lib/roost/bin/uv
Copyright: 2024-2026 Astral Software Inc.
License: Apache-2.0
Comment: To be had under the MIT license as well.

License: Apache-2.0
 On Debian systems the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
"""


def moved(text):
    """A unit with the paths of a package."""
    for before, after in MOVED:
        text = text.replace(before, after)
    return text

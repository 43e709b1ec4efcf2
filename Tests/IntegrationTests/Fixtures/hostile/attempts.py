"""Code of a stranger while his project is built: tries what it must not do, and says what it could.

Facts of the host stand in hostile.json beside it: addresses of Machines and of the host, a port, a marker file.
"""
import ctypes
import json
import os
import socket

libc = ctypes.CDLL(None, use_errno=True)


def reaches(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as s:
        s.settimeout(2)
        return s.connect_ex((address, port)) == 0


def opens(path, mode="rb"):
    try:
        with open(path, mode) as f:
            f.read(1) if "r" in mode else f.write("x")
        return True
    except OSError:
        return False


def makes_socket(family):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
        return True
    except OSError:
        return False


def found(facts):
    bad = []
    for address in facts["machines"]:
        if reaches(address, 8080):
            bad.append(f"reached the Machine {address}")
    for address in facts["host"]:
        if reaches(address, facts["port"]):
            bad.append(f"reached the host at {address}")
    for address in ["169.254.169.254", "100.100.100.200", "168.63.129.16", "fd00:ec2::254"]:
        if reaches(address, 80):
            bad.append(f"reached {address}")
    if opens(facts["marker"]):
        bad.append("read a file of the host")
    for path in ["/proc/sys/kernel/core_pattern", "/sys/fs/cgroup/freezer/x", "/proc/sysrq-trigger"]:
        if opens(path, "w"):
            bad.append(f"wrote {path}")
    if libc.unshare(0x10000000) == 0:
        bad.append("made a user namespace")
    if libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
        bad.append("mounted something")
    if makes_socket(40):
        bad.append("made a vsock socket")
    if libc.syscall(250, 1, None) >= 0:
        bad.append("called keyctl")
    for group in ["freezer", "memory", ""]:
        try:
            os.mkdir(f"/sys/fs/cgroup/{group}/sub")
            bad.append("made a control group")
        except OSError:
            pass
    if sum(name.isdigit() for name in os.listdir("/proc")) > 50:
        bad.append("saw the host's processes")
    return bad


def check(folder):
    with open(os.path.join(folder, "hostile.json")) as f:
        bad = found(json.load(f))
    if bad:
        raise SystemExit("BAD: " + "; ".join(bad))

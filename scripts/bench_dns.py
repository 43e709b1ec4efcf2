#!/usr/bin/env python3
"""CPU time of one answer: the edge's resolver and dnsmasq, in turn, for the same name with the same two addresses.

Usage: bench_dns.py BIN_DIR [--rounds N] [--questions N] [--json FILE]

CPU time from /proc/PID/stat over the number of answers, so that whatever else runs on the machine counts for neither.
The resolver runs in an edge without a `serve`, from its copy of the names.
"""
import argparse
import contextlib
import json
import os
import pathlib
import select
import socket
import struct
import subprocess
import sys
import tempfile

from lab import figures
from lab.figures import Figure, median, spread
from lab.instance import Failure, eventually, free_port, need

TICK_S = 1 / os.sysconf("SC_CLK_TCK")
NAME = "shop.internal"
ADDRESSES = ("fdaa:0:1:a:b:0:3:2", "fdaa:0:1:a:b:0:4:2")
AAAA = 28
#: Questions under way at once: fewer than what a socket's buffer holds, so that none is lost.
WINDOW = 128
#: Of a second's questions of one core; the issue's own reach.
LEAST = 20_000


def question(number):
    name = b"".join(bytes([len(label)]) + label.encode() for label in NAME.split(".")) + b"\0"
    return struct.pack(">6H", number & 0xFFFF, 0x0100, 1, 0, 0, 0) + name + struct.pack(">HH", AAAA, 1)


def cpu_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * TICK_S


def ask(port, count):
    """Asks `count` times, as fast as answers come; gives how many came."""
    questions = [question(number) for number in range(WINDOW)]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        client.connect(("127.0.0.1", port))
        client.setblocking(False)
        sent = answered = 0
        while answered < count:
            while sent - answered < WINDOW and sent < count:
                client.send(questions[sent % WINDOW])
                sent += 1
            if not select.select([client], [], [], 2)[0]:
                raise Failure(f"{count - answered} of {count} questions were not answered")
            with contextlib.suppress(BlockingIOError):
                while True:
                    answer = client.recv(1500)
                    if answer[3] & 15 or answer[7] != len(ADDRESSES):
                        raise Failure(f"a wrong answer: {answer.hex()}")
                    answered += 1
    return answered


def answers(port):
    try:
        return ask(port, 1) == 1
    except (Failure, OSError):
        return False


@contextlib.contextmanager
def running(words, port, **more):
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **more)
    try:
        eventually(f"{words[0]} answers", lambda: answers(port))
        yield process.pid
    finally:
        process.terminate()
        process.wait(10)


@contextlib.contextmanager
def roost(bin_dir, folder):
    port = free_port()
    machines = [
        {"id": f"148e21b7c6508{number}", "address": {"ipv4": ipv4, "ipv6": ipv6}, "region": "fra", "isStarted": True}
        for number, ipv4, ipv6 in ((1, "10.0.0.3", ADDRESSES[0]), (2, "10.0.0.4", ADDRESSES[1]))
    ]
    # Who asks has to be a Machine of the network.
    asker = {"id": "148e21b7c65083", "address": {"ipv4": "127.0.0.1", "ipv6": "fdaa:0:1::2"}, "region": "fra"}
    names = {
        "schema": 1, "base": 0, "revision": 1, "home": {"region": "fra", "listen": ["127.0.0.1"], "port": port},
        "apps": [{"app": "shop", "network": 1, "machines": machines}, {"app": "asker", "network": 1, "machines": [asker]}],
    }
    (folder / "state/edge").mkdir(parents=True)
    (folder / "state/edge/names.json").write_text(json.dumps(names))
    environment = dict(os.environ, ROOST_STATE=str(folder / "state"), ROOST_RUN=str(folder / "run"))
    (folder / "run").mkdir()
    words = [str(bin_dir / "roostd"), "edge", "--listen", f"127.0.0.1:{free_port()}"]
    with running(words, port, env=environment) as pid:
        yield pid, port


@contextlib.contextmanager
def dnsmasq(_, folder):
    port = free_port()
    records = [f"--host-record={NAME},{address}" for address in ADDRESSES]
    words = [
        "dnsmasq", "--keep-in-foreground", f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces",
        "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--user=root", f"--pid-file={folder}/dnsmasq.pid", *records,
    ]
    with running(words, port) as pid:
        yield pid, port


SERVERS = {"roost": roost, "dnsmasq": dnsmasq}


def main():
    parser = argparse.ArgumentParser(description="Measure the resolver on this machine.")
    parser.add_argument("bin_dir", type=pathlib.Path, help="where roostd is, for example .build/release")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--questions", type=int, default=100_000, help="of one round")
    parser.add_argument("--json", metavar="FILE", help="write all that was measured")
    arguments = parser.parse_args()
    need("dnsmasq")
    machine = figures.machine()
    costs = {name: [] for name in SERVERS}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        places = {}
        for name, server in SERVERS.items():
            place = pathlib.Path(folder, name)
            place.mkdir()
            places[name] = stack.enter_context(server(arguments.bin_dir.resolve(), place))
        for pid, port in places.values():
            ask(port, 1000)
        for _ in range(arguments.rounds):
            for name, (pid, port) in places.items():
                before = cpu_s(pid)
                ask(port, arguments.questions)
                costs[name].append((cpu_s(pid) - before) / arguments.questions * 1e6)
    own, other = median(costs["roost"]), median(costs["dnsmasq"])
    found = [
        Figure("answers a second a core, AAAA of .internal", f"{1e6 / own:,.0f}", f"{LEAST:,}", LEAST * own / 1e6,
               {"microseconds": spread(costs["roost"])}),
        Figure("the same against dnsmasq, one run", f"{other / own:.2f} × ({1e6 / other:,.0f})", "1.00 ×", own / other,
               {"microseconds": spread(costs["dnsmasq"])}),
    ]
    print(f"\n{machine['cpu']}, {machine['cores']} cores, Linux {machine['kernel']}, load before "
          f"{machine['load_before']}\n")
    print(figures.table(found))
    if arguments.json:
        report = {"machine": machine, "figures": [vars(each) for each in found]}
        pathlib.Path(arguments.json).write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(str(failure))

"""Uses the Machines API as Fly's own clients do, request for request: `flaps_client.py CA_FILE IMAGE`.

Base and token come by the variables that those read. Prints `ok NAME` for each course of requests that came out as its
client needs it; ends with 1 when one did not.
"""
import base64
import concurrent.futures
import http.client
import json
import os
import ssl
import sys
import time
import traceback
import urllib.parse

CA, IMAGE = sys.argv[1], sys.argv[2]
BASE = urllib.parse.urlsplit(os.environ["FLY_FLAPS_BASE_URL"])
APP = "conform"
TLS = ssl.create_default_context(cafile=CA)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def ask(method, path, body=None, nonce=None, scheme="Bearer", raw=None, limit=90):
    """One request of fly-go: a content type only with a body, a lease's nonce in a header of its own."""
    headers = {"Authorization": f"{scheme} {os.environ['FLY_API_TOKEN']}", "User-Agent": "fly-go/0"}
    data = raw
    if body is not None:
        data, headers["Content-Type"] = json.dumps(body), "application/json"
    if nonce:
        headers["fly-machine-lease-nonce"] = nonce
    connection = http.client.HTTPSConnection(BASE.hostname, BASE.port, context=TLS, timeout=limit)
    try:
        connection.request(method, f"/v1{path}", body=data, headers=headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


def good(answer, *statuses):
    assert answer.status in (statuses or (200,)), f"{answer.status} {answer.body!r}"
    return answer.json if answer.body else None


def refused(answer, status, *words):
    assert answer.status == status, f"{answer.status} {answer.body!r}"
    said = answer.json.get("error") or answer.json.get("message")
    for word in words:
        assert word in said, said
    return said


def machines(path="", app=APP):
    return f"/apps/{app}/machines{path}"


def config(*command, **more):
    """With the keys that fly-go always writes."""
    return {
        "image": IMAGE, "init": {"exec": list(command or ("sleep", "inf"))}, "restart": {"policy": "no"},
        "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}, "stop_config": {"timeout": "2s"}, **more,
    }


def launch(limit=60, **order):
    order = {"region": "", "skip_secrets": False, **order}
    machine = good(ask("POST", machines(), order))
    if not order.get("skip_launch"):
        wait(machine, "started", limit)
    return machine


def wait(machine, state, limit=60):
    """As a leasable Machine of flyctl: by the instance, in steps of at most a minute."""
    query = urllib.parse.urlencode(
        {"instance_id": machine["instance_id"], "timeout": str(limit), "state": state})
    return good(ask("GET", machines(f"/{machine['id']}/wait?{query}")))


def destroy(machine):
    good(ask("DELETE", machines(f"/{machine['id']}?kill=true")))


# The courses


def app():
    """`fly apps create`, then the look that follows it."""
    refused(ask("GET", f"/apps/{APP}"), 404, "Could not find App")
    made = good(ask("POST", "/apps?wait=true", {"name": APP, "org_slug": "personal", "network": None}), 201)
    assert made["id"] and isinstance(made["created_at"], int), made
    seen = good(ask("GET", f"/apps/{APP}"))
    assert seen["name"] == APP and seen["organization"]["slug"] and seen["status"] in ("pending", "deployed", "suspended")
    twice = ask("POST", "/apps", {"app_name": APP, "org_slug": "personal"})
    assert twice.status in (409, 422), twice.body
    assert twice.json["status"] == "name_taken", twice.body
    listed = good(ask("GET", "/apps?org_slug=personal"))
    assert listed["total_apps"] >= 1 and APP in [each["name"] for each in listed["apps"]]


def deploy():
    """A rolling deploy: lease, refresh, update by the nonce, wait, metadata, release of the lease."""
    machine = launch(
        name="web-1", config=config(metadata={"fly_platform_version": "v2", "fly_process_group": "app"}, env={"A": "1"}))
    assert len(machine["id"]) == 14 and machine["version"] == machine["instance_id"] and machine["state"] == "created"
    assert machine["host_status"] == "ok" and machine["private_ip"] and machine["image_ref"]["digest"]
    one = machines(f"/{machine['id']}")
    refused(ask("GET", f"{one}/lease"), 404, " lease not found")
    lease = good(ask("POST", f"{one}/lease?ttl=13"), 201)
    assert lease["status"] == "success" and lease["data"]["expires_at"] > time.time(), lease
    nonce = lease["data"]["nonce"]
    other = ask("POST", f"{one}/lease", {"ttl": 13, "description": "another"})
    refused(other, 409, "lease currently held by")
    again = good(ask("POST", f"{one}/lease?ttl=30", nonce=nonce), 200, 201)
    assert again["data"]["nonce"] == nonce and again["data"]["expires_at"] > lease["data"]["expires_at"]
    said = refused(ask("POST", one, {"config": config()}), 409, f"machine ID {machine['id']} lease currently held by")
    assert "expires at" in said, said
    good(ask("POST", f"{one}/metadata/fly_release_id", {"value": "r1"}), 204)
    update = {"config": config(env={"A": "2"}, metadata=machine["config"]["metadata"]), "skip_secrets": False}
    new = good(ask("POST", one, update, nonce=nonce))
    assert new["instance_id"] != machine["instance_id"]
    wait(new, "started")
    refused(
        ask("GET", f"{one}/wait?instance_id={machine['instance_id']}&state=started&timeout=5"), 408, "currently replaced")
    seen = good(ask("GET", one))
    assert seen["config"]["env"] == {"A": "2"} and seen["state"] == "started", seen
    kinds = [event["type"] for event in seen["events"]]
    assert kinds[-1] == "launch" and "start" in kinds, kinds
    assert all(event["request"]["exit_event"] is not None for event in seen["events"] if event["type"] == "exit")
    good(ask("DELETE", f"{one}/lease", nonce=nonce))
    assert [each["version"] for each in good(ask("GET", f"{one}/versions"))][0] == new["instance_id"]
    good(ask("POST", f"{one}/cordon"))
    assert good(ask("GET", one))["cordoned"] is True
    good(ask("POST", f"{one}/uncordon"))
    destroy(machine)
    assert machine["id"] not in [each["id"] for each in good(ask("GET", machines()))]


def release_command():
    """Made without a launch, waited for as `stopped`, started, waited for as `destroyed`, read for its exit code."""
    machine = launch(
        skip_launch=True, config=config("sh", "-c", "exit 3", auto_destroy=True,
        metadata={"fly_process_group": "fly_app_release_command"}))
    wait(machine, "stopped")
    good(ask("POST", machines(f"/{machine['id']}/start")))
    answer = ask("GET", machines(f"/{machine['id']}/wait?state=destroyed&timeout=60&instance_id={machine['instance_id']}"))
    assert answer.status in (200, 404), answer.body
    seen = good(ask("GET", machines(f"/{machine['id']}")))
    exit_event = next(event for event in seen["events"] if event["type"] == "exit")
    assert exit_event["request"]["exit_event"]["exit_code"] == 3, exit_event
    assert exit_event["request"]["MonitorEvent"]["exit_event"]["exit_code"] == 3, exit_event


def verbs():
    """`fly machine` by name: stop with and without a body, start, restart, suspend, kill with a number, exec, ps."""
    machine = launch(config=config("sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 0.1; done"))
    one = machines(f"/{machine['id']}")
    good(ask("POST", f"{one}/stop", {"signal": "SIGTERM", "timeout": "10s"}))
    wait(machine, "stopped")
    started = good(ask("POST", f"{one}/start"))
    assert started["previous_state"] == "stopped", started
    wait(machine, "started")
    good(ask("POST", f"{one}/restart?force_stop=true&timeout=10s"))
    wait(machine, "started")
    good(ask("POST", f"{one}/suspend"))
    wait(machine, "suspended")
    good(ask("POST", f"{one}/start"))
    wait(machine, "started")
    ran = good(ask("POST", f"{one}/exec", {"cmd": "sh -c 'cat; echo \"$A b\" >&2; exit 4'", "stdin": "in", "timeout": 10}))
    assert (ran["exit_code"], ran["stdout"], ran["stderr"]) == (4, "in", " b\n"), ran
    assert any("sleep" in each["command"] for each in good(ask("GET", f"{one}/ps")))
    good(ask("POST", f"{one}/signal", {"signal": 9}))
    wait(machine, "stopped")
    good(ask("POST", f"{one}/stop"))
    refused(ask("GET", f"{one}/wait?state=started&timeout=1"), 408, "machine failed to reach desired state")
    refused(ask("GET", f"{one}/wait?state=sideways"), 400)
    events = good(ask("GET", f"{one}/events?limit=3"))
    assert len(events) == 3 and events[0]["timestamp"] >= events[1]["timestamp"], events
    destroy(machine)
    good(ask("GET", one))
    assert any(each["id"] == machine["id"] for each in good(ask("GET", machines("?include_deleted=true"))))


def volumes():
    """`fly volumes`, with the nulls that fly-go writes: made, filled, grown in use, kept, copied, destroyed."""
    order = {
        "name": "data", "region": "local", "size_gb": 1, "encrypted": None, "require_unique_zone": None,
        "snapshot_id": None, "source_volume_id": None, "fstype": None, "compute": None, "compute_image": "",
        "snapshot_retention": None, "auto_backup_enabled": None,
    }
    volume = good(ask("POST", f"/apps/{APP}/volumes", order))
    assert volume["id"].startswith("vol_") and volume["attached_machine_id"] is None, volume
    assert volume["snapshot_retention"] == 5 and volume["state"] == "created", volume
    one = f"/apps/{APP}/volumes/{volume['id']}"
    machine = launch(config=config(mounts=[{"volume": volume["id"], "path": "/data", "encrypted": True}]))
    assert good(ask("GET", one))["attached_machine_id"] == machine["id"]
    refused(
        ask("POST", machines(), {"config": config(mounts=[{"volume": volume["id"], "path": "/data"}])}), 412)
    refused(ask("DELETE", one), 412)

    def run(*command):
        return good(ask("POST", machines(f"/{machine['id']}/exec"), {"command": list(command), "timeout": 60}))

    assert run("sh", "-c", "echo one >/data/file && sync")["exit_code"] == 0
    full = run("sh", "-c", "head -c 1100M /dev/zero >/data/big")
    assert full["exit_code"] != 0 and "No space left on device" in full["stderr"], full
    used = good(ask("GET", one))
    assert used["bytes_used"] > 900 << 20 and used["blocks_free"] * used["block_size"] < 100 << 20, used
    run("rm", "/data/big")
    grown = good(ask("PUT", f"{one}/extend", {"size_gb": 2}))
    assert grown["volume"]["size_gb"] == 2, grown
    if grown["needs_restart"]:
        good(ask("POST", machines(f"/{machine['id']}/restart")))
        wait(machine, "started")
    assert run("sh", "-c", "head -c 1100M /dev/zero >/data/big && rm /data/big")["exit_code"] == 0
    refused(ask("PUT", f"{one}/extend", {"size_gb": 1}), 400)
    good(ask("POST", f"{one}/snapshots"))
    kept = good(ask("GET", f"{one}/snapshots"))[0]
    assert kept["id"].startswith("vs_") and kept["status"] == "created" and kept["volume_size"] == 2 << 30, kept
    assert run("sh", "-c", "echo two >/data/file && sync")["exit_code"] == 0
    texts = {}
    for name, source in (("restored", {"snapshot_id": kept["id"]}), ("forked", {"source_volume_id": volume["id"]})):
        copy = good(ask("POST", f"/apps/{APP}/volumes", {"name": name, "region": "local", **source}))
        reader = launch(config=config(mounts=[{"volume": copy["id"], "path": "/copy"}]))
        read = good(ask("POST", machines(f"/{reader['id']}/exec"), {"command": ["cat", "/copy/file"]}))
        texts[name] = read["stdout"]
        destroy(reader)
        good(ask("DELETE", f"/apps/{APP}/volumes/{copy['id']}"))
    assert texts == {"restored": "one\n", "forked": "two\n"}, texts
    for method in ("PUT", "POST"):
        assert good(ask(method, one, {"snapshot_retention": 9, "auto_backup_enabled": False}))["snapshot_retention"] == 9
    destroy(machine)
    assert good(ask("DELETE", one))["state"] == "pending_destroy"


def secrets():
    """`fly secrets import`: set all at once, see digests, use a version, take one away with null."""
    changed = good(ask("POST", f"/apps/{APP}/secrets", {"values": {"ONE": "first", "TWO": "second"}}))
    version = changed["version"]
    listed = good(ask("GET", f"/apps/{APP}/secrets?version={version}"))["secrets"]
    assert {each["name"] for each in listed} == {"ONE", "TWO"} and all(each["digest"] for each in listed), listed
    assert all(each.get("value") in (None, "") for each in listed), listed
    machine = launch(min_secrets_version=version, config=config(env={"ONE": "mine"}))
    run = {"command": ["sh", "-c", "echo $ONE $TWO"]}
    assert good(ask("POST", machines(f"/{machine['id']}/exec"), run))["stdout"] == "first second\n"
    bare = launch(skip_secrets=True, config=config(env={"ONE": "mine"}))
    assert good(ask("POST", machines(f"/{bare['id']}/exec"), run))["stdout"] == "mine\n"
    later = good(ask("POST", f"/apps/{APP}/secrets", {"values": {"ONE": None}}))
    assert later["version"] > version
    good(ask("POST", f"/apps/{APP}/secrets/THREE", {"value": "third"}), 201)
    good(ask("DELETE", f"/apps/{APP}/secrets/TWO"))
    assert [each["name"] for each in good(ask("GET", f"/apps/{APP}/secrets"))["secrets"]] == ["THREE"]
    refused(ask("POST", machines(), {"min_secrets_version": 10**6, "config": config()}), 400, "min_secrets_version")
    destroy(machine)
    destroy(bare)


def told():
    """Files, one process of `processes`, names: what a program finds when it starts."""
    text = base64.b64encode(b"from a file\n").decode()
    machine = launch(config=config(
        files=[{"guest_path": "/etc/note", "raw_value": text, "mode": 420}],
        processes=[{
            "exec": ["sleep", "inf"], "env": {"P": "q"}, "ignore_app_secrets": True,
            "secrets": [{"env_var": "RENAMED", "name": "THREE"}],
            "env_from": [{"env_var": "ME", "field_ref": "id"}, {"env_var": "WHERE", "field_ref": "region"}],
        }],
        dns={"nameservers": ["192.0.2.7"], "searches": ["x.internal"], "hostname": "box", "options": []},
        statics=[{"guest_path": "/x", "url_prefix": "/y"}], x_unknown={"kept": [1, None]}))
    script = "cat /etc/note; stat -c %a /etc/note; echo $P $RENAMED $THREE- $ME $WHERE; cat /etc/resolv.conf; hostname"
    ran = good(ask("POST", machines(f"/{machine['id']}/exec"), {"command": ["sh", "-c", script]}))
    assert ran["stdout"] == (
        f"from a file\n644\nq third - {machine['id']} {machine['region']}\n"
        "nameserver 192.0.2.7\nsearch x.internal\noptions ndots:1 timeout:2\nbox\n"), ran
    shown = good(ask("GET", machines(f"/{machine['id']}")))["config"]
    assert shown["statics"] and "x_unknown" in shown, shown
    destroy(machine)


INSIDE = """
import http.client, json, socket, sys
class Own(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/.fly/api")
for path in sys.argv[1:]:
    own = Own("flaps")
    own.request("GET", path)
    answer = own.getresponse()
    body = json.loads(answer.read())
    print(answer.status, len(body) if isinstance(body, list) else sorted(body))
"""


def inside():
    """`/.fly/api`: a Machine that asks for its own app needs no token, and gets no other's."""
    machine = launch(config=config())
    paths = [f"/v1/apps/{APP}/machines", "/v1/apps/my-app/machines", "/v1/tokens"]
    order = {"command": ["python3", "-c", INSIDE, *paths], "timeout": 30}
    ran = good(ask("POST", machines(f"/{machine['id']}/exec"), order))
    lines = ran["stdout"].splitlines()
    assert lines[0].startswith("200 ") and [line[:3] for line in lines[1:]] == ["403", "403"], ran
    destroy(machine)


def refusals():
    """What can't be is said in words, and makes no Machine."""
    before = len(good(ask("GET", machines())))
    for body, word in (
        ({"config": {"image": IMAGE, "containers": [{"name": "a", "image": "b"}]}}, "containers"),
        ({"config": {"image": IMAGE, "guest": {"gpu_kind": "a10"}}}, "GPU"),
        ({"config": {"image": IMAGE, "schedule": "now and then"}}, "schedule"),
        ({"config": {}}, "image"), ({}, "config"), ({"region": 5, "config": config()}, "region"),
    ):
        refused(ask("POST", machines(), body), 400, word)
    for raw in ("{", '{"config":', "[]", '"x"', "\xff".encode("latin-1"), "[" * 5000):
        answer = ask("POST", machines(), raw=raw)
        assert answer.status == 400 and answer.json["error"], answer.body
    refused(ask("GET", machines("/148e21b7c65089")), 404, "machine not found")
    refused(ask("POST", machines("/148e21b7c65089/start")), 404, "machine not found")
    refused(ask("GET", "/apps/nothing-of-that-name/machines"), 404, "Could not find App")
    assert ask("GET", "/apps", scheme="Basic").status == 401
    assert len(good(ask("GET", machines()))) == before


def compare():
    """Of ten writers that name the version they know one wins, as a Terraform provider needs it."""
    machine = launch(skip_launch=True, config=config())

    def write(number):
        order = {"config": config(env={"N": str(number)}), "current_version": machine["instance_id"], "skip_launch": True}
        return ask("POST", machines(f"/{machine['id']}"), order).status

    with concurrent.futures.ThreadPoolExecutor(10) as pool:
        statuses = sorted(pool.map(write, range(10)))
    assert statuses == [200] + [409] * 9, statuses
    destroy(machine)


def platform():
    """Regions, placement, lists over all apps, who the token is."""
    regions = good(ask("GET", "/platform/regions"))
    assert regions["nearest"] in [each["code"] for each in regions["regions"]], regions
    placed = good(ask("POST", "/platform/placements", {"org_slug": "personal", "region": "any", "count": 2}))
    assert placed["regions"][0]["region"] == regions["nearest"], placed
    assert "machines" in good(ask("GET", "/orgs/personal/machines?limit=10"))
    assert "volumes" in good(ask("GET", "/orgs/personal/volumes?limit=10"))
    assert good(ask("GET", "/tokens/current"))["tokens"][0]["org_slug"] is not None
    assert ask("GET", "/tokens/current", scheme="FlyV1").status == 200
    document = good(ask("GET", "/openapi.json"))
    assert document["openapi"].startswith("3.1") and "/v1/apps/{app}/machines" in document["paths"]


def ending():
    """`fly apps destroy`: no query, everything goes."""
    launch(config=config())
    assert ask("DELETE", f"/apps/{APP}").status == 202
    end = time.monotonic() + 60
    while ask("GET", f"/apps/{APP}").status != 404:
        assert time.monotonic() < end, "the app is still there"
        time.sleep(0.2)


def main():
    failed = False
    for course in (
        app, deploy, release_command, verbs, volumes, secrets, told, inside, refusals, compare, platform, ending,
    ):
        try:
            course()
            print(f"ok {course.__name__}", flush=True)
        except Exception:  # each course for itself: one that fails says nothing of the others
            failed = True
            print(f"failed {course.__name__}\n{traceback.format_exc()}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

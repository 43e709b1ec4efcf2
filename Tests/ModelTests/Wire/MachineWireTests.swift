import Model
import Testing

@Suite("A Machine on the wire")
struct MachineWireTests {
    private func machine() -> Machine {
        let zero = Timestamp(milliseconds: 0)
        let id = Machine.ID("148e21b7c65089") ?? .random()
        var config = MachineConfig(image: "roost/notes@sha256:ab")
        config.metadata = ["fly_release_version": "3"]
        var machine = Machine(
            id: id,
            name: "m",
            app: "notes",
            region: "iad",
            host: "h",
            createdAt: zero,
            spec: Machine.Spec(instance: "01J", config: config)
        )
        let exit = Machine.Exit(code: 137, outOfMemory: true, requested: false, at: Timestamp(milliseconds: 30))
        machine.status.events = [
            Machine.Event(kind: .launch, at: Timestamp(milliseconds: 10)),
            Machine.Event(kind: .start, at: Timestamp(milliseconds: 20)),
            Machine.Event(kind: .exit, at: Timestamp(milliseconds: 30), exit: exit),
            Machine.Event(kind: .restart, at: Timestamp(milliseconds: 40)),
        ]
        return machine
    }

    @Test("has the fields that clients read")
    func fields() throws {
        let value = MachineWire.value(machine())
        for name in [
            "id", "name", "state", "region", "instance_id", "version", "private_ip", "created_at", "updated_at",
        ] {
            #expect(value[name]?.string != nil, "\(name)")
        }
        #expect(value["host_status"] == .string("ok") && value["cordoned"] == .bool(false))
        #expect(value["image_ref"]?["repository"] == .string("notes") && value["image_ref"]?["tag"] == .string("v3"))
        #expect(value["image_ref"]?["digest"] == .string("sha256:ab"))
    }

    @Test("events are newest first, an exit says how, also by its older name")
    func events() throws {
        let events = MachineWire.events(machine())
        #expect(events.map { $0["type"]?.string } == ["restart", "exit", "start", "launch"])
        let exit = try #require(events[1]["request"])
        #expect(exit["exit_event"] == exit["MonitorEvent"]?["exit_event"])
        #expect(exit["exit_event"]?["exit_code"] == .int(137) && exit["exit_event"]?["oom_killed"] == .bool(true))
        #expect(exit["exit_event"]?["restarting"] == .bool(true) && exit["exit_event"]?["guest_signal"] == .int(9))
        let ids = events.compactMap { $0["id"]?.string }
        #expect(ids == ids.sorted().reversed() && Set(ids).count == 4)
    }

    @Test("a summary leaves out what is long")
    func summary() {
        let value = MachineWire.summary(machine())
        #expect(value["config"] == nil && value["events"] == nil && value["id"] != nil)
    }

    @Test(
        "images are named in full",
        arguments: [
            ("ubuntu", "registry-1.docker.io/library/ubuntu:latest"), ("a/b:1", "registry-1.docker.io/a/b:1"),
            ("docker.io/library/nginx", "registry-1.docker.io/library/nginx:latest"),
            ("ghcr.io/o/a@sha256:00", "ghcr.io/o/a@sha256:00"), ("localhost:5000/a", "localhost:5000/a:latest"),
            ("roost/notes:v3", "roost/notes:v3"),
        ]
    )
    func images(text: String, full: String) throws {
        let name = try #require(MachineImageName(text))
        #expect(name.text == full)
        #expect(MachineImageName(full) == name)
    }

    @Test("what is no image's name is none", arguments: ["", "a b", "a//b", "a:", "/a", "a@"])
    func noImages(text: String) {
        #expect(MachineImageName(text) == nil)
    }
}

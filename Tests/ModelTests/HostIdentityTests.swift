import Model
import Testing

@Suite("A host's identity")
struct HostIdentityTests {
    @Test("stays when the host gets another name")
    func renamed() {
        let first = HostIdentity.decide(stored: nil, name: "debian", recorded: [])
        let second = HostIdentity.decide(stored: first, name: "renamed", recorded: ["other"])
        #expect(second.id == first.id)
        #expect(second.name == "renamed")
        #expect(second.owns(first.id))
        #expect(!second.owns("other"))
    }

    @Test("owns the records that version 0.1 made under the host's name, whatever it is called now")
    func migrated() {
        let identity = HostIdentity.decide(stored: nil, name: "renamed", recorded: ["debian"])
        #expect(identity.owns("debian"))
        #expect(identity.owns(identity.id))
    }

    @Test("is found in the records when its file is lost")
    func lost() {
        let first = HostIdentity.decide(stored: nil, name: "debian", recorded: [])
        let second = HostIdentity.decide(stored: nil, name: "debian", recorded: [first.id, "debian"])
        #expect(second.id == first.id)
        #expect(second.owns("debian"))
    }
}

@Suite("Strangers")
struct StrangerTests {
    private let process = Machine.Process(pid: 1, startTicks: 1, monitorPID: 1, startedAt: Timestamp(milliseconds: 0))

    @Test("that have ended are removed, unless others run that nobody knows either")
    func removable() {
        let ended = Stranger(id: .random(), state: "ended")
        let alive = Stranger(id: .random(), state: "running", process: process)
        #expect(Stranger.removable([ended]) == [ended])
        #expect(Stranger.removable([ended, alive]).isEmpty)
        #expect(Stranger.removable([alive]).isEmpty)
    }
}

import Model
import Testing

@testable import ControlPlane

@Suite("Sessions that are open")
struct OpenSessionsTests {
    private struct Idle: MachineSession {
        func next() async throws -> SessionFrame? { nil }
        func take(_ frame: SessionFrame) async throws {}
        func end() async {}
    }

    @Test("keep their Machine awake until the last one has ended, however often it is told")
    func counts() async {
        let open = OpenSessions()
        let (id, other) = (Machine.ID.random(), Machine.ID.random())
        let first = open.counting(Idle(), in: id)
        let second = open.counting(Idle(), in: id)
        #expect(open.isOpen(id) && !open.isOpen(other))
        await first.end()
        await first.end()
        #expect(open.isOpen(id))
        await second.end()
        #expect(!open.isOpen(id))
        let third = open.counting(Idle(), in: id)
        #expect(open.isOpen(id))
        await third.end()
        #expect(!open.isOpen(id))
    }
}

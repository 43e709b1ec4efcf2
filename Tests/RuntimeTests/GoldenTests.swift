import Foundation
import Model
import Runtime
import Testing
import Toolkit

@Suite("Runtime's own records of earlier versions")
struct RuntimeGoldenTests {
    private static func samples<Value: Decodable>(_ kind: String, _ version: Int, _: Value.Type) throws -> [Value] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appending(path: "Golden/\(kind)/\(version).json"))
        return try JSON.decode([Value].self, from: data, what: kind)
    }

    @Test("are read: a run record, without which adoption would take what runs for nothing")
    func runRecord() throws {
        let (old, new) = (
            try Self.samples("run-record", 1, RunRecord.self), try Self.samples("run-record", 2, RunRecord.self)
        )
        #expect(old == new)
        #expect(old.first?.process.startTicks == 987_654_321)
        #expect(old.first?.monitorTicks == 987_654_300)
        #expect(old.first?.address.ipv4 == "10.1.16.2")
    }

    @Test("are read: an address plan, without which all Machines would move")
    func addressPlan() throws {
        let old = try Self.samples("address-plan", 1, AddressPlan.self)
        #expect(old == (try Self.samples("address-plan", 2, AddressPlan.self)))
        #expect(old.first == AddressPlan(seed: "/var/lib/roost debian", network: 1))
    }

    @Test("are read with keys of a later version, and refused when that says so")
    func later() throws {
        let text = #"{"address":{"ipv4":"10.0.0.2","ipv6":"fdaa::2","mac":"x"},"monitorTicks":1,"x":[{}],"#
        let process = #""process":{"pid":1,"startTicks":2,"monitorPID":3,"uid":5}"#
        let record = try JSON.decode(RunRecord.self, from: Data("\(text)\(process)}".utf8), what: "record")
        #expect(record.process.pid == 1)
        let fault = #expect(throws: Fault.self) {
            try JSON.decode(RunRecord.self, from: Data("\(text)\(process),\"schema\":3}".utf8), what: "record")
        }
        #expect(fault?.code == .newerVersion)
    }
}

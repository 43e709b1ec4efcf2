import Foundation
import Model
import Testing
import Toolkit

@Suite("What was stored or sent by earlier versions")
struct GoldenTests {
    @Test("is read, and means what it meant", arguments: GoldenKind.all)
    func old(kind: GoldenKind) throws {
        var versions = try GoldenFile.versions(kind.name)
        let first = try GoldenFile.samples(kind.name, try #require(versions.first))
        let now = try first.map { try kind.again($0, nil) }
        if GoldenFile.isWriting, now != first {
            try GoldenFile.write(kind.name, 2, now)
            versions = try GoldenFile.versions(kind.name)
        }
        let newest = try GoldenFile.samples(kind.name, try #require(versions.last))
        #expect(!newest.isEmpty)
        for version in versions {
            let samples = try GoldenFile.samples(kind.name, version)
            #expect(samples.count == newest.count)
            for (sample, expected) in zip(samples, newest) { #expect(try kind.again(sample, nil) == expected) }
        }
    }

    @Test("is read with keys that only a later version knows", arguments: GoldenKind.all)
    func later(kind: GoldenKind) throws {
        let version = try #require(try GoldenFile.versions(kind.name).last)
        for sample in try GoldenFile.samples(kind.name, version) {
            #expect(try kind.again(sample.grown(), nil) == sample)
        }
    }

    @Test(
        "keeps those keys where another's record is written back",
        arguments: ["app", "release", "volume", "machine"]
    )
    func kept(name: String) throws {
        let kind = try #require(GoldenKind.all.first { $0.name == name })
        for sample in try GoldenFile.samples(name, try #require(try GoldenFile.versions(name).last)) {
            let leftovers = Leftovers()
            let known = try kind.again(sample.grown(), leftovers)
            var grown = sample.grown()
            // What is an enumeration has one meaning, and nothing beside it.
            if case .table(var machine) = grown, case .table(var status)? = machine["status"] {
                if case .table(var state)? = status["state"] {
                    state["x_later"] = nil
                    status["state"] = .table(state)
                }
                machine["status"] = .table(status)
                grown = .table(machine)
            }
            let merged = leftovers.merged(before: known, into: known)
            #expect(merged.withoutRules == grown.withoutRules)
        }
    }

    @Test("is refused, in a sentence, when a later version says that it must be", arguments: GoldenKind.all)
    func refused(kind: GoldenKind) throws {
        guard kind.hasSchema else { return }
        let version = try #require(try GoldenFile.versions(kind.name).last)
        guard case .table(var sample)? = try GoldenFile.samples(kind.name, version).first else { return }
        sample["schema"] = .integer(99)
        let fault = #expect(throws: Fault.self) { try kind.again(.table(sample), nil) }
        #expect(fault?.code == .newerVersion)
        #expect(fault?.message.contains("written by a newer version of Roost (schema 99") == true)
    }

    @Test("has no key that only Swift's compiler would write")
    func labels() throws {
        for kind in GoldenKind.all where kind.name != "edge-order" {
            let version = try #require(try GoldenFile.versions(kind.name).last)
            for sample in try GoldenFile.samples(kind.name, version) {
                #expect(!String(decoding: try JSON.encode(sample), as: UTF8.self).contains("\"_0\""))
            }
        }
    }

    @Test("carries words of a later version")
    func words() throws {
        func carried<Word: OpenWord>(_: Word.Type) throws {
            let data = Data(#"["later"]"#.utf8)
            let words = try JSONDecoder().decode([Word].self, from: data)
            #expect(words == [.unknown("later")])
            #expect(try JSONEncoder().encode(words) == data)
            #expect(Set(Word.allCases.map(\.rawValue)).count == Word.allCases.count)
            for word in Word.allCases { #expect(Word(rawValue: word.rawValue) == word) }
        }
        try carried(Machine.Event.Kind.self)
        try carried(Machine.CheckStatus.Level.self)
        try carried(MachineConfig.CPUKind.self)
        try carried(MachineConfig.Restart.Policy.self)
        try carried(MachineConfig.Signal.self)
        try carried(MachineConfig.Autostop.self)
        try carried(MachineConfig.Concurrency.Kind.self)
        try carried(MachineConfig.Check.Kind.self)
        try carried(Release.Status.self)
        try carried(Rollout.Phase.self)
        try carried(Route.State.self)
        try carried(AppConfig.Strategy.self)
        try carried(AppConfig.Transport.self)
        try carried(SourceManifest.Kind.self)
    }

    @Test("carries whole parts of a later version")
    func parts() throws {
        func carried<Value: Codable>(_: Value.Type, _ text: String) throws {
            let value = try JSON.decode(Value.self, from: Data(text.utf8), what: "part")
            #expect(String(decoding: try JSON.encode(value), as: UTF8.self) == text)
        }
        try carried(Machine.State.self, #"{"name":"migrating","to":{"host":"b"}}"#)
        try carried(Machine.State.self, #"{"name":"stopping","process":{"pid":1},"then":"migrated"}"#)
        try carried(Rollout.Step.self, #"{"promote":{"machine":"148e21b7c65089"}}"#)
        try carried(AppConfig.HeaderRule.self, #"{"replace":{"a":"b"}}"#)
        try carried(RolloutEvent.self, #"{"progress":0.5}"#)
        try carried(Fault.self, #"{"code":"later_code","message":"m"}"#)
    }

    @Test("takes a Machine's configuration as Fly's clients send it")
    func partial() throws {
        let text = #"""
            {"image":"registry.fly.io/a:1","init":{},"guest":{"cpus":2},"env":null,"restart":{"policy":"always"},
            "stop_config":{"signal":"TERM","timeout":10000000000},
            "services":[{"protocol":"tcp","internal_port":80,"autostop":true,"force_instance_key":null,
            "ports":[{"port":443,"handlers":["tls","http"]}],
            "checks":[{"type":"http","interval":15000000000,"headers":[{"name":"Host","values":["a","b"]}]}]}]}
            """#
        let config = try JSON.decode(MachineConfig.self, from: Data(text.utf8), what: "config")
        #expect(config.guest == MachineConfig.Guest(cpus: 2))
        #expect(config.restart == MachineConfig.Restart(policy: .always))
        #expect(config.stopConfig == MachineConfig.Stop(signal: .term, timeout: "10s"))
        #expect(config.services.first?.autostop == .stop)
        #expect(config.services.first?.concurrency == MachineConfig.Concurrency())
        #expect(config.services.first?.checks.first?.interval == "15s")
        #expect(config.services.first?.checks.first?.headers == ["Host": "a, b"])
    }
}

extension ConfigValue {
    /// Without what beside a header's rule is its own one key.
    fileprivate var withoutRules: ConfigValue {
        switch self {
        case .table(let table):
            .table(
                Dictionary(
                    uniqueKeysWithValues: table.map { key, value in
                        (key, key == "httpOptions" ? value.without("x_later") : value.withoutRules)
                    }
                )
            )
        case .array(let list): .array(list.map(\.withoutRules))
        default: self
        }
    }
}

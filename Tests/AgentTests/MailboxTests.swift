import Model
import Testing

@testable import Agent

@Suite("A keeper's mailbox")
struct MailboxTests {
    private func name(_ letter: Mailbox.Letter?) -> String {
        switch letter {
        case .event(let event, _): "event \(event)"
        case .probed(_, let name, let result): "probed \(name) \(result.output)"
        case .unsaved: "unsaved"
        case nil: "none"
        default: "another"
        }
    }

    @Test("orders come before results, each in its order, and of a check only the newest result")
    func order() {
        let box = Mailbox()
        for round in 0..<100 {
            for check in 0..<100 {
                box.post(.probed(generation: 1, name: "\(check)", .init(passed: false, output: "\(round)")))
            }
        }
        box.post(.event(.start, nil))
        box.post(.unsaved)
        #expect(name(box.take()) == "event start")
        #expect(name(box.take()) == "unsaved")
        for check in 0..<100 { #expect(name(box.take()) == "probed \(check) 99") }
        #expect(name(box.take()) == "none")
        box.post(.event(.suspend, nil))
        #expect(name(box.take()) == "event suspend")
    }

    @Test("a closed box takes nothing, and gives what is in it")
    func closed() {
        let box = Mailbox()
        box.post(.unsaved)
        box.close()
        #expect(!box.post(.unsaved))
        #expect(name(box.take()) == "unsaved")
        #expect(name(box.take()) == "none")
    }
}

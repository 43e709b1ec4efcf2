import Testing

@testable import Model

@Suite("Who is told of what, and when")
struct AlertBookTests {
    private static let down = AlertFact("NothingHealthy", ["app": "shop"], 1)
    private static let crash = AlertFact("CrashLoop", ["app": "shop"], 4)
    private static let disk = AlertFact("DiskFillsUp", ["host": "h"], 0.05)

    private static func at(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: 1_800_000_000_000 + seconds * 1000)
    }

    /// A step whose messages get through.
    private static func tell(
        _ book: inout AlertBook,
        _ facts: [AlertFact],
        _ seconds: Int64,
        busy: Set<String> = []
    ) -> [AlertMessage] {
        let messages = book.step(facts, at: at(seconds), busy: busy)
        for message in messages { book.told(message, at: at(seconds)) }
        return messages
    }

    @Test("a rule has to hold for its time, without a break")
    func pending() {
        var book = AlertBook()
        #expect(Self.tell(&book, [Self.down], 0).isEmpty)
        #expect(Self.tell(&book, [Self.down], 30).isEmpty)
        #expect(Self.tell(&book, [], 45).isEmpty)
        #expect(Self.tell(&book, [Self.down], 60).isEmpty)
        #expect(Self.tell(&book, [Self.down], 119).isEmpty)
        let told = Self.tell(&book, [Self.down], 120)
        #expect(told.map(\.alerts.first?.summary) == ["No Machine of shop takes requests"])
        #expect(told.first?.alerts.first?.since == Self.at(60))
    }

    @Test("told once, again after four hours, and once more when it is over")
    func life() {
        var book = AlertBook()
        #expect(Self.tell(&book, [Self.crash], 0).count == 1)
        for seconds in stride(from: Int64(30), to: 14_400, by: 30) {
            #expect(Self.tell(&book, [Self.crash], seconds).isEmpty)
        }
        #expect(Self.tell(&book, [Self.crash], 14_400).map(\.isResolved) == [false])
        #expect(Self.tell(&book, [], 14_430).isEmpty)
        // It comes and goes: one alert.
        #expect(Self.tell(&book, [Self.crash], 14_460).isEmpty)
        #expect(Self.tell(&book, [], 14_490).isEmpty)
        #expect(Self.tell(&book, [], 14_520).isEmpty)
        #expect(Self.tell(&book, [], 14_550).map(\.isResolved) == [true])
        #expect(book.alerts.isEmpty)
        #expect(Self.tell(&book, [], 14_580).isEmpty)
    }

    @Test("a message is given again until it got through; one that is over by then is not")
    func undelivered() {
        var book = AlertBook()
        let first = book.step([Self.crash], at: Self.at(0))
        #expect(first.count == 1 && book.stands(first[0]))
        #expect(book.step([Self.crash], at: Self.at(30)).count == 1)
        #expect(book.step([], at: Self.at(60)).isEmpty)
        #expect(!book.stands(first[0]))
        #expect(book.step([], at: Self.at(130)).isEmpty)
        #expect(book.alerts.isEmpty)
    }

    @Test("one message an app, the most urgent first; the host has its own")
    func groups() {
        var book = AlertBook()
        let failed = AlertFact("DeployFailed", ["app": "shop"], 1)
        _ = Self.tell(&book, [Self.disk], 0)
        let told = Self.tell(&book, [failed, Self.crash, Self.disk, AlertFact("OutOfMemory", ["app": "blog"], 1)], 600)
        #expect(
            told.map { $0.alerts.map(\.rule) } == [["DiskFillsUp"], ["OutOfMemory"], ["CrashLoop", "DeployFailed"]]
        )
    }

    @Test("what an app's Machines do while it is deployed is no news, an error of its deploy is")
    func deploying() {
        var book = AlertBook()
        let failed = AlertFact("DeployFailed", ["app": "shop"], 1)
        let told = Self.tell(&book, [Self.crash, failed], 0, busy: ["shop"])
        #expect(told.flatMap(\.alerts).map(\.rule) == ["DeployFailed"])
        #expect(Self.tell(&book, [Self.crash, failed], 30).flatMap(\.alerts).map(\.rule) == ["CrashLoop"])
    }

    @Test("of what is silenced nobody is told, until the silence ends")
    func silence() {
        var book = AlertBook()
        book.add(AlertSilence(id: "1", app: "shop", rule: "CrashLoop", until: Self.at(100)))
        #expect(Self.tell(&book, [Self.crash, Self.disk], 0).isEmpty)
        #expect(Self.tell(&book, [AlertFact("CrashLoop", ["app": "blog"], 4), Self.crash], 30).count == 1)
        #expect(Self.tell(&book, [Self.crash], 100).flatMap(\.alerts).map(\.app) == ["shop"])
        #expect(book.silences.isEmpty)
        book.add(AlertSilence(id: "2", until: Self.at(1000)))
        #expect(Self.tell(&book, [AlertFact("OutOfMemory", ["app": "new"], 1)], 130).isEmpty)
        #expect(book.remove(silence: "2") && !book.remove(silence: "2"))
        let later = Self.tell(&book, [AlertFact("OutOfMemory", ["app": "new"], 1)], 160)
        #expect(later.filter { !$0.isResolved }.flatMap(\.alerts).map(\.app) == ["new"])
    }

    @Test(
        "whatever comes: nothing is told twice within four hours, nothing is over that was not told, and the book is bounded"
    )
    func random() {
        var random = SystemRandomNumberGenerator()
        var book = AlertBook()
        var lastTold: [Alert.Key: Timestamp] = [:]
        for step in 0..<4000 {
            let now = Self.at(Int64(step) * 30)
            let facts = (0..<5).filter { _ in Bool.random(using: &random) }
                .map {
                    AlertFact(
                        ["CrashLoop", "OutOfMemory", "NothingHealthy"].randomElement(using: &random)!,
                        ["app": "\($0)"],
                        4
                    )
                }
            for message in book.step(facts, at: now) {
                #expect(!message.alerts.isEmpty)
                for alert in message.alerts {
                    if message.isResolved {
                        #expect(lastTold[alert.key] != nil)
                    } else if let before = lastTold[alert.key] {
                        #expect(now.since(before) >= AlertBook.repeatAfter)
                    }
                }
                // Some get lost on their way.
                guard Bool.random(using: &random) else { continue }
                book.told(message, at: now)
                for alert in message.alerts { lastTold[alert.key] = message.isResolved ? nil : now }
            }
            #expect(book.alerts.count <= 15)
        }
        var crowd = AlertBook()
        _ = crowd.step((0..<2000).map { AlertFact("CrashLoop", ["app": "\($0)"], 4) }, at: Self.at(0))
        #expect(crowd.alerts.count == AlertBook.most)
    }

    @Test("a message is what Alertmanager's receivers read")
    func message() throws {
        var book = AlertBook()
        let firing = try #require(
            Self.tell(&book, [Self.crash, AlertFact("DeployFailed", ["app": "shop"], 1)], 0).first
        )
        #expect(
            firing.title(host: "h")
                == "[page] shop: Machines of shop ended and were started again 4 times in a quarter of an hour (+1)"
        )
        let text = firing.text(host: "h")
        #expect(text.contains("roost logs -a shop --no-tail") && text.contains("since 2027-01-15T08:00:00.000Z"))
        let json = firing.alertmanager(host: "h", receiver: "webhook")
        #expect(json["version"]?.string == "4" && json["status"]?.string == "firing")
        #expect(json["commonLabels"]?["app"]?.string == "shop" && json["commonLabels"]?["host"]?.string == "h")
        #expect(json["commonLabels"]?["alertname"] == nil)
        let first = try #require(json["alerts"]?.array?.first)
        #expect(
            first["labels"]?["alertname"]?.string == "CrashLoop" && first["endsAt"]?.string == "0001-01-01T00:00:00Z"
        )
        #expect(first["fingerprint"]?.string?.count == 16)
        _ = Self.tell(&book, [], 30)
        let over = try #require(Self.tell(&book, [], 120).first)
        #expect(over.isResolved && over.title(host: "h").hasPrefix("[over] shop: "))
        let resolved = over.alertmanager(host: "h", receiver: "webhook")
        #expect(resolved["alerts"]?.array?.first?["endsAt"]?.string == "2027-01-15T08:00:30.000Z")
        #expect(resolved["alerts"]?.array?.first?["fingerprint"] == first["fingerprint"])
    }
}

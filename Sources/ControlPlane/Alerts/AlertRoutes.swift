import Foundation
import Hummingbird
import Model
import Toolkit

/// `/v1/alerts`: what fires, of what nobody is told, and whether the channels work.
struct AlertRoutes {
    let watch: AlertWatch

    private struct Trial: KeyedForm {
        var channel: String?

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws { try form.field("channel", &channel) }
    }

    private struct Wish: KeyedForm {
        var app: String?
        var rule: String?
        var seconds: Int64 = 0
        var comment: String?

        static var blank: Self { Self() }

        mutating func fields(_ form: inout Form) throws {
            try form.field("app", &app)
            try form.field("rule", &rule)
            try form.need("seconds", &seconds)
            try form.field("comment", &comment)
        }
    }

    /// The longest silence: a month.
    private static let longest: Int64 = 31 * 86_400

    func add(to router: Router<BasicRequestContext>) {
        router.get("/v1/alerts") { _, _ in try JSONAnswer.make(await watch.view()) }
        router.post("/v1/alerts/test") { request, _ in
            let wanted = try await request.json(Trial.self)
            return try JSONAnswer.make(try await watch.test(wanted.channel))
        }
        router.post("/v1/alerts/silences") { request, _ in
            let silence = try Self.silence(try await request.json(Wish.self))
            await watch.add(silence)
            return try JSONAnswer.make(silence)
        }
        router.delete("/v1/alerts/silences/:id") { _, context in
            try await watch.remove(silence: try context.parameters.require("id"))
            return Response(status: .noContent)
        }
    }

    private static func silence(_ wish: Wish) throws -> AlertSilence {
        guard (60...longest).contains(wish.seconds) else {
            throw Fault(.invalidRequest, "seconds: expected 60 to \(longest), found \(wish.seconds)")
        }
        if let rule = wish.rule, !AlertEvaluation.rules.contains(rule) {
            let known = AlertEvaluation.rules.sorted().joined(separator: ", ")
            throw Fault(.invalidRequest, "there is no alert \(ConfigNode.quoted(rule))", hint: "there are \(known)")
        }
        return AlertSilence(
            id: ULID.make(),
            app: wish.app,
            rule: wish.rule,
            until: Timestamp.now().advanced(by: .seconds(wish.seconds)),
            comment: wish.comment.map { String($0.prefix(500)) }
        )
    }
}

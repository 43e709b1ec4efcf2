import Client
import Foundation
import Model
import Scaffold

/// Has the throw-aways of an app made, waits for them, and says what came of it.
struct TryoutMaker {
    let client: RoostClient
    let app: String

    /// The app has to be there.
    ///
    /// - Returns: the variables that were set.
    func make(_ plan: TryoutPlan) async throws -> [String] {
        for note in plan.notes { Output.warn("Note: \(Output.harmless(note))") }
        let request = TryoutRequest(wishes: plan.wishes, user: Person.current)
        var seen: [String: String] = [:]
        var answer = try await ask(request)
        var set = answer.set
        while let service = answer.services.first(where: { !$0.isReady }) {
            // The same one twice: it has failed, and its deploy has said why.
            guard let rollout = service.rollout, seen[service.app] != rollout.id else {
                throw Fault(
                    .rolloutFailed,
                    "\(service.app) does not come up",
                    hint:
                        "roost logs -a \(service.app) shows what it says; roost apps destroy \(service.app) removes it"
                )
            }
            seen[service.app] = rollout.id
            print("==> \(service.kind.label) for trying out: \(service.app)")
            try await DeployWatch(client: client, isQuiet: true).follow(rollout)
            answer = try await ask(request)
            set += answer.set
        }
        report(answer, set)
        return set
    }

    // MARK: - Private

    private func ask(_ request: TryoutRequest) async throws -> TryoutAnswer {
        try await client.post(apiPath("apps", app, "tryouts"), request, as: TryoutAnswer.self)
    }

    private func report(_ answer: TryoutAnswer, _ set: [String]) {
        for service in answer.services {
            let version = service.version.map { " \($0)" } ?? ""
            print("throw-away \(service.kind.label)\(version) for trying out: \(service.app), not backed up")
            print("  remove it: roost apps destroy \(service.app)")
        }
        if !set.isEmpty { print("variables set for the next start of \(app): \(set.sorted().joined(separator: ", "))") }
        for name in answer.kept.sorted() {
            Output.warn("Warning: \(name) has a value already and keeps it, so it does not lead there")
        }
    }
}

extension TryoutMaker {
    /// Makes the throw-aways that a selection means for a project, and the app when it is not there yet.
    ///
    /// - Returns: the variables that were set.
    static func make(
        _ selection: TryoutSelection,
        app: String,
        _ scan: ScanResult,
        _ client: RoostClient
    ) async throws -> [String] {
        let plan = try TryoutPlan(selection, scan.context, facts: scan.facts, app: app)
        try await client.ensure(app: app, owner: Person.current)
        return try await TryoutMaker(client: client, app: app).make(plan)
    }
}

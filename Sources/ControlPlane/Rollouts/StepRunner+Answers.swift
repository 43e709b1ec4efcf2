import Model
import Store
import Toolkit

/// What clients get from the Machines of a new release, beside what they got from those of the one before.
extension StepRunner {
    /// The first Machines of a release are given so long to have answered some requests, where any come.
    private static let patience = Duration.seconds(1)
    /// Between two looks at the counts.
    private static let pause = Duration.milliseconds(200)
    /// An edge that says nothing for so long is not waited for.
    private static let countLimit = Duration.milliseconds(500)
    /// The page that is asked for, whatever the checks ask for.
    private static let page = "/"

    /// What was counted before Machines of the release come into service.
    struct Mark: Sendable {
        /// Machines of the release before that take requests beside the new ones.
        fileprivate var others: [Machine.ID]
        fileprivate var new: [Machine.ID]
        fileprivate var own = AnswerTally()
        fileprivate var theirs = AnswerTally()
        /// Of the whole app; that of the one Machine where there is no other.
        fileprivate var all = AnswerTally()
        /// What that one Machine answered to the question for a page.
        fileprivate var answer: String?
    }

    /// What to compare Machines of the release with that come into service from now on.
    ///
    /// - Returns: nil where there is nothing: on a first deploy, on the way back, for what has no pages.
    func mark(_ new: [Machine.ID], _ group: String?, _ release: Release) async throws -> Mark? {
        guard rollout.phase == .rolling, rollout.previous != nil, rollout.release == release.version,
            rollout.isNew(release.version)
        else { return nil }
        if let group, release.config.machineConfig(group: group, image: "", region: "").published.isEmpty { return nil }
        let others = try await store.managedMachines(rollout.app).filter { machine in
            machine.isAwake && machine.spec.release != release.version && !new.contains(machine.id)
                && (group == nil || machine.group == group) && !machine.spec.config.published.isEmpty
        }.map(\.id)
        var mark: Mark? = Mark(others: others, new: new)
        if others.isEmpty, let only = new.first, let machine = try await machine(only), machine.isAwake {
            mark?.answer = await look(at: machine)
        }
        await renew(&mark)
        return mark
    }

    /// Leaves out of the comparison what was counted until now.
    func renew(_ mark: inout Mark?) async {
        guard var fresh = mark else { return }
        await edges.count(limit: Self.countLimit)
        let (theirs, own) = (await answers(of: fresh.others), await answers(of: fresh.new))
        (fresh.theirs, fresh.own, fresh.all) = (theirs, own, await ofApp())
        mark = fresh
    }

    /// Asks a new Machine for a page before any client does: one that is an error, and was none before, is no good.
    func comparePages(_ mark: Mark?) async throws {
        guard let mark, let id = mark.new.first, let machine = try await machine(id),
            let answer = await look(at: machine), AnswerGate.isError(answer)
        else { return }
        var before = mark.answer
        if let other = mark.others.first, let machine = try await self.machine(other) {
            before = await look(at: machine)
        }
        guard let before, !AnswerGate.isError(before) else { return }
        await showLog(of: id, tail: Self.logTail)
        let (now, then) = (answer.prefix(120), before.prefix(3))
        throw fault("GET \(Self.page) of the new release answers \(now); that of the one before answers \(then)")
    }

    /// Looks at what clients got from the Machines since.
    ///
    /// - Throws: ``Fault`` `rolloutFailed` with the numbers when those are errors, and those of others, before or beside them,
    ///   are not.
    func compareAnswers(since mark: Mark?) async throws {
        guard let mark else { return }
        let clock = ContinuousClock()
        let begin = clock.now
        var seen = 0
        while true {
            await edges.count(limit: Self.countLimit)
            let theirs = await answers(of: mark.others) - mark.theirs
            let own = mark.others.isEmpty ? await ofApp() - mark.all : await answers(of: mark.new) - mark.own
            // What others answer in the same time says more than what was before.
            let usual = theirs.answered >= AnswerGate.fewest ? theirs : mark.all + theirs
            switch AnswerGate.judge(own, usual) {
            case .good: return
            case .bad(let reason):
                for id in mark.new { await showLog(of: id, tail: Self.logTail) }
                throw fault(reason)
            case .unclear: break
            }
            let total = own.answered + theirs.answered
            // Nobody asks: nothing is waited for.
            guard isFirst, total > seen, clock.now - begin < Self.patience else { return }
            seen = total
            try await Task.sleep(for: Self.pause)
        }
    }

    // MARK: - Private

    private func fault(_ reason: String) -> Fault {
        Fault(
            .rolloutFailed,
            reason,
            hint: "its checks pass all the same: let them ask for more; its last lines stand above"
        )
    }

    /// No Machine has been changed before.
    private var isFirst: Bool {
        rollout.steps.prefix(rollout.done).allSatisfy { if case .releaseCommand = $0 { true } else { false } }
    }

    private func answers(of machines: [Machine.ID]) async -> AnswerTally {
        var sum = AnswerTally()
        for machine in machines { sum.add(await edges.answers(of: machine)) }
        return sum
    }

    private func ofApp() async -> AnswerTally { await edges.tally(rollout.app)?.answers ?? AnswerTally() }

    /// Nil for a Machine without a service over HTTP, or one that can't be asked.
    private func look(at machine: Machine) async -> String? {
        guard let port = machine.spec.config.published.first?.service.internalPort else { return nil }
        return try? await fleet.look(machine.id, port: port, paths: [Self.page]).answers.first?.output
    }
}

package import Model
import Toolkit

/// What edges have counted, and the streams that they carry.
extension EdgeLink {
    /// What requests of an app have met since its edges began; nil while no edge is there to say.
    package func tally(_ app: String) -> EdgeTally? {
        edges.isEmpty ? nil : tallies.values.reduce(EdgeTally()) { $0 + ($1[app] ?? EdgeTally()) }
    }

    /// What a Machine has answered while it was compared with others.
    func answers(of machine: Machine.ID) -> AnswerTally {
        answers.values.reduce(AnswerTally()) { $0 + ($1[machine] ?? AnswerTally()) }
    }

    /// Lets every edge tell what it has counted up to now, and waits for it so long.
    func count(limit: Duration) async {
        let before = edges.mapValues(\.reports)
        for edge in edges.values { edge.orders.yield(.count) }
        try? await withTimeout(limit, "the edges' counts") {
            for await _ in await self.follow() {
                let now = await self.edges
                if before.allSatisfy({ number, reports in (now[number]?.reports ?? .max) > reports }) { return }
            }
        }
    }

    /// Streams of a Machine, over all edges.
    func streams(_ machine: Machine.ID) -> Int {
        edges.values.reduce(0) { $0 + ($1.news.streams?[machine] ?? 0) }
    }

    /// Waits until a Machine has no stream left, for at most so long.
    ///
    /// - Returns: how many are left.
    func awaitStreams(_ machine: Machine.ID, limit: Duration) async -> Int {
        try? await withTimeout(limit, "streams of Machine \(machine)") {
            for await _ in await self.follow() {
                if await self.streams(machine) == 0 { return }
            }
        }
        return streams(machine)
    }

    /// Lets every edge end the streams of a Machine in good order.
    func endStreams(_ machine: Machine.ID) {
        for edge in edges.values { edge.orders.yield(.endStreams(machine: machine)) }
    }
}

/// Rules on how the server is started and stopped.
package enum ServerRules {
    /// In the order of their ids.
    package static let all: [Rule] = [
        oldWorkers, workerCount, processState, ladder, untrusted, trustsAll, keepAlive, noEffect, readOnlyRoot,
        stopSignal,
        replicaWorkers, fastapiRun,
    ]
}

extension Rules {
    package static let server = ServerRules.all
}

/// How one stop goes, beyond what the Machine's configuration says: the body of `POST …/stop`.
package struct StopOrder: Equatable, Sendable {
    package var signal: MachineConfig.Signal?
    package var timeout: Duration?

    package init(signal: MachineConfig.Signal? = nil, timeout: Duration? = nil) {
        self.signal = signal
        self.timeout = timeout
    }

    /// Reads a request: the timeout is a Go duration, or seconds as a number or as digits.
    ///
    /// - Throws: ``Fault`` `invalidRequest`.
    package init(signal: JSONValue?, timeout: JSONValue?) throws(Fault) {
        let reader = try WireReader(.members([("signal", signal), ("timeout", timeout)]), "request")
        if let text = signal?.string {
            if !text.isEmpty { self.signal = try MachineConfigWire.signal(text, reader) }
        } else if let number = signal?.int {
            guard let known = MachineConfig.Signal.allCases.first(where: { Int64($0.number) == number }) else {
                throw reader.fault("signal", "\(number) is no signal that a stop may use")
            }
            self.signal = known
        } else if let signal, signal != .null {
            throw WireReader.wrong("request.signal", "a signal's name", signal)
        }
        guard let timeout, timeout != .null, timeout.string != "" else { return }
        let seconds = timeout.int ?? timeout.string.flatMap { Int64($0) }
        let duration =
            seconds.flatMap { (0...300).contains($0) ? .seconds($0) : nil }
            ?? timeout.string.flatMap { GoDuration.parse($0) }
        guard let duration, duration >= .zero, duration <= .seconds(300) else {
            throw reader.fault("timeout", "expected 0s to 5m0s, found \(timeout.text)")
        }
        self.timeout = duration
    }

    /// What the Machine's configuration says, where this says nothing.
    package func over(_ stop: MachineConfig.Stop) -> MachineConfig.Stop {
        MachineConfig.Stop(signal: signal ?? stop.signal, timeout: timeout.map { GoDuration($0) } ?? stop.timeout)
    }
}

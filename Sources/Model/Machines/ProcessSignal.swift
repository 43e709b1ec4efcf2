/// The signals that a person may send to a Machine's program, with Linux's numbers on x86-64 and arm64.
///
/// > Source: `machines-api`, section 4.
package enum ProcessSignal {
    /// The kernel's number of each signal that may be asked for.
    package static let numbers: [String: Int32] = [
        "SIGHUP": 1, "SIGINT": 2, "SIGQUIT": 3, "SIGILL": 4, "SIGTRAP": 5, "SIGABRT": 6, "SIGFPE": 8, "SIGKILL": 9,
        "SIGUSR1": 10, "SIGSEGV": 11, "SIGUSR2": 12, "SIGPIPE": 13, "SIGALRM": 14, "SIGTERM": 15,
    ]

    /// The number of a signal that a request names, `SIGTERM`, `TERM` or 15.
    ///
    /// - Throws: ``Fault`` `invalidRequest`.
    package static func read(_ value: JSONValue?) throws(Fault) -> Int32 {
        if let number = value?.int ?? value?.string.flatMap({ Int64($0) }) {
            if let known = numbers.values.first(where: { Int64($0) == number }) { return known }
        } else if let name = value?.string?.uppercased() {
            if let number = numbers[name] ?? numbers["SIG\(name)"] { return number }
        }
        let known = numbers.sorted { $0.value < $1.value }.map(\.key).joined(separator: ", ")
        let found = value.map { $0 == .null ? "nothing" : $0.text } ?? "nothing"
        throw Fault(.invalidRequest, "request body: signal: found \(found)", hint: "expected one of \(known)")
    }
}

/// Where a person's commands find a host.
package enum HostAddress: Equatable, Sendable {
    /// The daemon's socket on this machine.
    case socket(String)
    /// A port of the network, without a slash at its end.
    case network(String)
    /// By the user's own ssh: whom to ask, the port if it is not ssh's own, and the folder of the daemon's socket there.
    case ssh(target: String, port: Int?, run: String)

    /// Where the daemon keeps its socket when nobody says otherwise.
    package static let usualRun = "/run/roost"

    /// Takes `https://HOST:PORT`, `ssh://USER@HOST:PORT/RUN`, `unix://PATH` or a path.
    ///
    /// - Throws: ``Fault`` `invalidRequest`.
    package init(_ text: String) throws(Fault) {
        guard text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }), !text.isEmpty else { throw Self.fault(text) }
        if text.hasPrefix("/") {
            self = .socket(text)
            return
        }
        guard let colon = text.firstRange(of: "://") else { throw Self.fault(text) }
        let rest = text[colon.upperBound...]
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let (place, path) = (String(rest[..<slash]), String(rest[slash...]))
        switch text[..<colon.lowerBound].lowercased() {
        case "unix" where place.isEmpty && path.count > 1: self = .socket(path)
        case "ssh": self = try Self.ssh(place, path, text)
        case "https" where !place.isEmpty && !place.contains("@") && (path.isEmpty || path == "/"):
            self = .network("https://\(place)")
        case "http" where path.isEmpty || path == "/":
            // A token must not cross a network in the clear.
            guard Self.isLoopback(place) else {
                throw Fault(
                    .invalidRequest,
                    "\(text) would send a token in the clear",
                    hint: "write https:// (the API's port speaks nothing else)"
                )
            }
            self = .network("http://\(place)")
        default: throw Self.fault(text)
        }
    }

    /// As it is written.
    package var text: String {
        switch self {
        case .socket(let path): "unix://\(path)"
        case .network(let url): url
        case .ssh(let target, let port, let run):
            "ssh://\(target)\(port.map { ":\($0)" } ?? "")\(run == Self.usualRun ? "" : run)"
        }
    }

    // MARK: - Private

    private static func ssh(_ place: String, _ path: String, _ text: String) throws(Fault) -> HostAddress {
        var target = place
        var port: Int?
        let bare = place.split(separator: "@", maxSplits: 1).last.map(String.init) ?? ""
        if !bare.hasPrefix("["), let colon = place.lastIndex(of: ":") {
            port = Int(place[place.index(after: colon)...])
            guard let port, (1...65_535).contains(port) else { throw fault(text) }
            target = String(place[..<colon])
        }
        // What ssh would take as an option is none of its hosts.
        guard !path.contains("'"), !target.isEmpty, !target.hasPrefix("-"), !bare.hasPrefix("-"), !bare.isEmpty else {
            throw fault(text)
        }
        let run = path.count > 1 ? (path.hasSuffix("/") ? String(path.dropLast()) : path) : usualRun
        return .ssh(target: target, port: port, run: run)
    }

    private static func isLoopback(_ place: String) -> Bool {
        ["localhost", "127.0.0.1", "[::1]"].contains { place == $0 || place.hasPrefix("\($0):") }
    }

    private static func fault(_ text: String) -> Fault {
        Fault(
            .invalidRequest,
            "\"\(text)\" is no address of a host",
            hint: "for example ssh://root@host, https://host:4280 or /run/roost/api.sock"
        )
    }
}

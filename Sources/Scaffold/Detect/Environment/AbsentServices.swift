import Model

/// Services that defaults of variables name and that are not where the app will run: those of a Compose file, and those
/// of a developer's own machine.
struct AbsentServices {
    private let services: [String: ComposeFiles.Service]

    init(_ context: ScanContext) {
        var services: [String: ComposeFiles.Service] = [:]
        for service in ComposeFiles(context).services where services[service.name] == nil {
            services[service.name] = service
        }
        // Other names that it answers to, unless they are another's own.
        for service in ComposeFiles(context).services {
            for alias in service.aliases where services[alias] == nil { services[alias] = service }
        }
        self.services = services
    }

    /// What a default names; nil for what can be there.
    func find(_ variable: Facts.Variable, _ value: String) -> Facts.Absent? {
        guard let address = Address(value) else { return nil }
        if let service = services[address.host] {
            // A word alone that happens to be a service's name is an address only where the variable says so.
            guard address.form != .host || Self.isAddress(variable.name) else { return nil }
            let image = service.image.isEmpty ? nil : String(service.image.prefix(100))
            return Facts.Absent(
                host: address.host,
                file: service.file,
                image: image,
                form: address.form,
                scheme: address.scheme
            )
        }
        guard ["localhost", "127.0.0.1", "host.docker.internal"].contains(address.host) else { return nil }
        return Facts.Absent(host: address.host, form: address.form, scheme: address.scheme)
    }

    // MARK: - Private

    /// A host, with what stands around it.
    private struct Address {
        var host: String
        var form: Facts.Absent.Form
        var scheme: String?

        init?(_ value: String) {
            guard value.utf8.count < 400 else { return nil }
            var rest = value[...]
            form = .host
            if let sign = rest.firstRange(of: "://") {
                scheme = String(rest[..<sign.lowerBound].prefix(40))
                rest = rest[sign.upperBound...].prefix { $0 != "/" && $0 != "?" }
                if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
                form = .url
            }
            let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
            guard let first = parts.first, !first.isEmpty, parts.count < 3 else { return nil }
            if parts.count == 2 {
                guard Int(parts[1]) != nil else { return nil }
                if form == .host { form = .hostAndPort }
            }
            guard first.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) }) else { return nil }
            host = String(first)
        }
    }

    /// Whether a name is that of an address: `REDIS_HOST`, `CACHE_SERVER`, `KAFKA_BROKER`.
    private static func isAddress(_ name: String) -> Bool {
        let words = Set(name.uppercased().split(separator: "_").map(String.init))
        return !Vocabulary.addresses.union(["BROKER", "BOOTSTRAP", "QUEUE"]).isDisjoint(with: words)
    }
}

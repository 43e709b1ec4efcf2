import Model

/// Where a host gets its own packages: the parts of its APT configuration that a base image can be made from.
///
/// > Source: sources.list(5), both the one-line and the deb822 format.
struct AptSources: Equatable, Sendable {
    /// One place with packages.
    struct Entry: Equatable, Sendable {
        var uri: String
        var suite: String
        var components: [String]
        /// A file of the host with the keys; nil when any of the host's keys will do.
        var signedBy: String?

        /// In the one-line format.
        var line: String { line(signedBy.map { "[signed-by=\($0)] " } ?? "") }

        /// The same, also when the index says that it should have been renewed by now; its signature counts as ever.
        var lineWithoutEnd: String {
            let keys = signedBy.map { " signed-by=\($0)" } ?? ""
            return line("[check-valid-until=no\(keys)] ")
        }

        /// The mirror's address without a slash at its end.
        var base: String { uri.hasSuffix("/") ? String(uri.dropLast()) : uri }

        private func line(_ options: String) -> String {
            "deb \(options)\(uri) \(suite) \(components.joined(separator: " "))"
        }
    }

    private(set) var entries: [Entry] = []

    /// Takes in a `*.list` file.
    mutating func add(list text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            var words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard words.first == "deb" else { continue }
            words.removeFirst()
            var signedBy: String?
            if words.first?.hasPrefix("[") == true {
                guard let end = words.firstIndex(where: { $0.hasSuffix("]") }) else { continue }
                let options = words[...end].joined(separator: " ").dropFirst().dropLast()
                for option in options.split(separator: " ") where option.hasPrefix("signed-by=") {
                    signedBy = String(option.dropFirst("signed-by=".count))
                }
                words.removeFirst(end + 1)
            }
            guard words.count > 2 else { continue }
            add(uris: [words[0]], suites: [words[1]], components: Array(words[2...]), signedBy: signedBy)
        }
    }

    /// Takes in a `*.sources` file.
    mutating func add(deb822 text: String) {
        var fields: [String: [String]] = [:]
        var last: String?
        // The empty line closes the last paragraph.
        for line in "\(text)\n".split(omittingEmptySubsequences: false, whereSeparator: \.isNewline) {
            if line.hasPrefix("#") { continue }
            if line.allSatisfy({ $0 == " " || $0 == "\t" }) {
                add(paragraph: fields)
                (fields, last) = ([:], nil)
            } else if line.hasPrefix(" ") || line.hasPrefix("\t") {
                if let last { fields[last]?.append(contentsOf: Self.words(line)) }
            } else if let colon = line.firstIndex(of: ":") {
                let name = line[..<colon].lowercased()
                fields[name] = Self.words(line[line.index(after: colon)...])
                last = name
            }
        }
    }

    /// The entries of one release of the distribution, its updates and its security fixes.
    ///
    /// Other entries of the host are other people's programs, which no app asked for.
    func entries(of release: String) -> [Entry] {
        let suites = [release, "\(release)-updates", "\(release)-security", "\(release)/updates"]
        var seen: Set<String> = []
        return suites.flatMap { suite in
            entries.filter { $0.suite == suite && $0.components.contains("main") && seen.insert($0.line).inserted }
        }
    }

    // MARK: - Private

    private mutating func add(paragraph: [String: [String]]) {
        guard paragraph["types"]?.contains("deb") == true, paragraph["enabled"]?.first != "no" else { return }
        // Keys within the paragraph itself are more than one word; those of the host have to do then.
        let keys = paragraph["signed-by"].flatMap { $0.count == 1 && $0[0].hasPrefix("/") ? $0[0] : nil }
        add(
            uris: paragraph["uris"] ?? [],
            suites: paragraph["suites"] ?? [],
            components: paragraph["components"] ?? [],
            signedBy: keys
        )
    }

    private mutating func add(uris: [String], suites: [String], components: [String], signedBy: String?) {
        guard !components.isEmpty else { return }
        for uri in uris {
            for suite in suites {
                entries.append(Entry(uri: uri, suite: suite, components: components, signedBy: signedBy))
            }
        }
    }

    private static func words(_ text: Substring) -> [String] {
        text.split { $0 == " " || $0 == "\t" }.map(String.init)
    }
}

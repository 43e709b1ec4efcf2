import ArgumentParser

/// Flags of flyctl that change nothing here: taken, with a line that says why, so that scripts go on working.
enum FlyFlags {
    struct Flag: Sendable {
        /// With their dashes.
        var names: [String]
        var takesValue: Bool
        var why: String

        init(_ names: String..., value: Bool = false, why: String) {
            self.names = names
            takesValue = value
            self.why = why
        }
    }

    /// Those of every command that has none of its own by that name.
    static let everywhere = [
        Flag("--access-token", "-t", value: true, why: "tokens come from FLY_API_TOKEN or a context"),
        Flag("--org", "-o", value: true, why: "there is one organisation"),
        Flag("--verbose", why: "there is no more to say"),
        Flag("--debug", why: "the daemon's log has the details"),
        Flag("--yes", "-y", "--auto-confirm", why: "it asks nothing"),
        Flag("--app", "-a", value: true, why: "it is not about one app"),
        Flag("--config", "-c", value: true, why: "it reads no configuration file"),
        Flag("--json", "-j", why: "it has nothing to print as JSON"),
    ]

    /// Those of some, by their words.
    static let some: [String: [Flag]] = [
        "deploy": [
            Flag("--remote-only", "--local-only", "--depot-scope", why: "the daemon builds, wherever the command runs"),
            Flag("--depot", value: true, why: "the daemon builds"),
            Flag("--yes", "-y", "--auto-confirm", why: "a deploy asks nothing"),
            Flag("--now", why: "a deploy begins at once"),
            Flag("--nixpacks", "--buildpacks-docker-host", "--wg", "--push", why: "the daemon builds"),
            Flag("--dns-checks", why: "names here need no time to spread"),
            Flag("--lease-timeout", "--deploy-retries", value: true, why: "the daemon deploys, and goes on by itself"),
            Flag(
                "--vm-size",
                "--vm-memory",
                "--vm-cpus",
                "--vm-cpu-kind",
                "--vm-gpus",
                "--vm-gpu-kind",
                value: true,
                why: "sizes are set by [[vm]] in fly.toml, or roost scale"
            ),
            Flag("--volume-initial-size", value: true, why: "it is set by initial_size of [[mounts]]"),
            Flag("--image-label", "--label", value: true, why: "images are named by their digests"),
            Flag("--signal", value: true, why: "it is set by kill_signal in fly.toml"),
            Flag("--compression", "--compression-level", value: true, why: "nothing is sent to a registry"),
            Flag(
                "--buildkit-addr",
                "--buildkit-image",
                "--buildpacks-volume",
                "--builder-pool",
                value: true,
                why: "the daemon builds"
            ),
            Flag("--recreate-builder", "--buildkit", "--use-zstd", "--use-overlaybd", why: "the daemon builds"),
            Flag("--no-extensions", "--provision-extensions", why: "there are no extensions here"),
        ]
    ].merging(others) { $1 }

    /// Those that hold for a command, which its groups have too.
    static func flags(of command: [String]) -> [Flag] {
        guard !command.isEmpty else { return everywhere }
        return (1...command.count).flatMap { some[command.prefix($0).joined(separator: " ")] ?? [] } + everywhere
    }
}

/// A command line of flyctl's, in its own parser's spellings, as this program's parser takes it.
///
/// Go's flags may say `--yes=true` and `--ha=false`, `-a=my-app` and `-amy-app`.
struct FlyWords {
    /// The words that are left.
    private(set) var kept: [String] = []
    /// A line for each flag that was taken and changes nothing.
    private(set) var notes: [String] = []
    private let own: [CommandTree.Argument]
    private let ignored: [FlyFlags.Flag]

    /// - Parameters:
    ///   - words: the command line, without the program's name.
    ///   - own: what the command itself takes, which nothing else goes before.
    ///   - ignored: what changes nothing.
    init(_ words: [String], own: [CommandTree.Argument], ignored: [FlyFlags.Flag]) {
        self.own = own
        self.ignored = ignored
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                kept += [word] + rest
                return
            }
            take(word, &rest)
        }
    }

    // MARK: - Private

    private mutating func take(_ word: String, _ rest: inout ArraySlice<String>) {
        let isLong = word.hasPrefix("--")
        guard word.hasPrefix("-"), isLong || word.dropFirst().first?.isLetter == true else { return kept.append(word) }
        let name = isLong ? String(word.prefix { $0 != "=" }) : String(word.prefix(2))
        let tail = word.dropFirst(name.count)
        let value = tail.hasPrefix("=") ? String(tail.dropFirst()) : nil
        // Short flags may stand together.
        let others = !isLong && value == nil && !tail.isEmpty ? String(tail) : nil
        if let mine = own.first(where: { $0.flags.contains(name) }) {
            takeOwn(mine, name, value, others, &rest)
        } else if let flag = ignored.first(where: { $0.names.contains(name) }) {
            notes.append("\(name) changes nothing here: \(flag.why)")
            if flag.takesValue {
                if value == nil, others == nil, let next = rest.first, !next.hasPrefix("-") { rest.removeFirst() }
            } else if let others {
                take("-\(others)", &rest)
            }
        } else {
            kept.append(word)
        }
    }

    private mutating func takeOwn(
        _ mine: CommandTree.Argument,
        _ name: String,
        _ value: String?,
        _ others: String?,
        _ rest: inout ArraySlice<String>
    ) {
        if mine.takesValue {
            let isLong = name.hasPrefix("--")
            if let value { return isLong ? kept.append("\(name)=\(value)") : kept.append(contentsOf: [name, value]) }
            kept.append(name)
            if let others { return kept.append(others) }
            if let next = rest.first, !next.hasPrefix("-") { kept.append(rest.removeFirst()) }
            return
        }
        switch value?.lowercased() {
        case nil, "1", "t", "true": kept.append(name)
        case "0", "f", "false":
            let opposite = "--no-" + name.drop { $0 == "-" }
            if own.contains(where: { $0.flags.contains(opposite) }) { kept.append(opposite) }
        case let other?: kept.append("\(name)=\(other)")
        }
        if let others { take("-\(others)", &rest) }
    }
}

extension Roost {
    /// The command line as it is parsed: without the flags of flyctl that change nothing, which are told of.
    static func withoutFlyFlags(_ words: [String]) throws -> [String] {
        // Flags of all commands may stand before the command's own words.
        let plain = FlyWords(words, own: [], ignored: FlyFlags.everywhere).kept
        let named = Array(plain.prefix { !$0.hasPrefix("-") }.prefix(3))
        let (type, path, said) = CommandTree.find(named)
        let own = type.configuration.subcommands.isEmpty ? try CommandTree(type).arguments ?? [] : []
        let line = FlyWords(words, own: own, ignored: FlyFlags.flags(of: path))
        for note in line.notes { Output.warn(note) }
        // The parser wants a command's flags behind it.
        let front = line.kept.prefix { $0 != named.first }
        guard said > 0, !front.isEmpty else { return line.kept }
        let words = line.kept.dropFirst(front.count)
        return Array(words.prefix(said) + front + words.dropFirst(said))
    }
}

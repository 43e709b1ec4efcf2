package import Model

/// Brings a TOML file to say what a configuration says, and leaves comments, order and form of the rest as they are.
package enum ConfigUpdate {
    /// - Parameters:
    ///   - old: the file as it is.
    ///   - file: its name.
    ///   - config: what it shall say.
    /// - Returns: `old` itself when it says so already; nil when it is no configuration, or can't be changed piece by
    ///   piece.
    package static func text(_ old: String, file: String, to config: AppConfig) -> String? {
        // The host's own region runs already, whatever it is called.
        let regions = Set([config.primaryRegion, Regions.local].compactMap { $0 })
        // All in one form: a release that an older version stored differs from its file in what means nothing.
        let style = ConfigStyle(omitsDefaults: true, hasWireForm: false)
        let wanted = config.tree(style)
        guard let before = read(old, file, regions)?.tree(style) else { return nil }
        let paths = differences(before, wanted, [])
        guard !paths.isEmpty else { return old }
        let sections = Set(paths.compactMap(\.parts.first)).map { ConfigPath([$0]) }
        for attempt in [paths, sections.sorted { $0.description < $1.description }] {
            let changed = try? apply(attempt, of: wanted, to: old, file: file)
            if let changed, read(changed, file, regions)?.tree(style).saysTheSame(as: wanted) == true { return changed }
        }
        return nil
    }

    // MARK: - Private

    private static let oldNames: [ConfigPath.Part: [ConfigPath]] = [
        "mounts": [["mount"]], "vm": [["compute"], ["computes"]],
        "metrics": [["metric"], ["experimental", "metrics_port"], ["experimental", "metrics_path"]],
        "kill_timeout": [["experimental", "kill_timeout"]],
    ]

    private static func read(_ text: String, _ file: String, _ regions: Set<String>) -> AppConfig? {
        guard let root = try? TOML.parse(text, file: file) else { return nil }
        return AppConfig.diagnose(root, file: file, regions: regions).config
    }

    private static func apply(
        _ paths: [ConfigPath],
        of wanted: ConfigNode,
        to text: String,
        file: String
    ) throws(Fault) -> String {
        var editor = try TOMLEditor(text, file: file)
        for path in paths {
            let section = ConfigPath(Array(path.parts.prefix(1)))
            // Under an old name, or as one table where there may be several, a section is only found as a whole.
            let removed = try removeOld(section, from: &editor)
            let isPart = path.parts.count > 1 && !removed
            do throws(Fault) {
                try set(isPart ? path : section, of: wanted, in: &editor)
            } catch {
                try set(section, of: wanted, in: &editor)
            }
        }
        return editor.text
    }

    private static func removeOld(_ section: ConfigPath, from editor: inout TOMLEditor) throws(Fault) -> Bool {
        var removed = false
        for old in section.parts.first.flatMap({ oldNames[$0] }) ?? [] {
            if try editor.remove(old) { removed = true }
        }
        return removed
    }

    private static func set(_ path: ConfigPath, of wanted: ConfigNode, in editor: inout TOMLEditor) throws(Fault) {
        if let value = wanted.value(at: path)?.value {
            try editor.set(path, to: value)
        } else {
            _ = try editor.remove(path)
        }
    }

    /// The deepest places at which two trees differ.
    private static func differences(_ have: ConfigNode, _ want: ConfigNode, _ path: ConfigPath) -> [ConfigPath] {
        guard !have.saysTheSame(as: want) else { return [] }
        switch (have.value, want.value) {
        case (.table(let old), .table(let new)):
            let keys = old.map(\.key) + new.map(\.key).filter { have[$0] == nil }
            return keys.flatMap { key -> [ConfigPath] in
                let inner = ConfigPath(path.parts + [.key(key)])
                guard let left = have[key], let right = want[key] else { return [inner] }
                return differences(left, right, inner)
            }
        case (.array(let old), .array(let new)) where old.count == new.count && !path.parts.isEmpty:
            let areTables = (old + new).allSatisfy { if case .table = $0.value { true } else { false } }
            guard areTables else { return [path] }
            return zip(old, new).enumerated().flatMap { index, pair in
                differences(pair.0, pair.1, ConfigPath(path.parts + [.index(index)]))
            }
        default: return [path]
        }
    }
}

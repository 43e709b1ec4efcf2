extension AppConfigReader {
    mutating func readMounts() {
        var taken: Set<String> = []
        for table in root.tables("mount", "mounts") {
            let processes = filter(table, undefined: .warning)
            let groups = config.groups.filter { config.matches(processes, $0) }
            for group in groups where !taken.insert(group).inserted {
                report.warn(
                    table.position,
                    "\(table.path): the group \"\(group)\" has a mount already; this one has no effect for it"
                )
            }
            let source = readSource(table)
            let destination = readDestination(table)
            let size = readVolumeSize("initial_size", in: table, orNumber: true, at: 1...1_048_576)
            let autoExtend = readAutoExtend(table)
            let retention = table.integer("snapshot_retention", in: 1...60)
            let scheduled = table.boolean("scheduled_snapshots")
            table.close()
            guard let source, let destination else { continue }
            var mount = AppConfig.Mount(source: source, destination: destination)
            mount.processes = processes
            if let size { mount.initialSizeGB = size }
            mount.autoExtend = autoExtend
            mount.snapshotRetention = retention
            mount.scheduledSnapshots = scheduled
            config.mounts.append(mount)
        }
    }

    // MARK: - Private

    private func readSource(_ table: ConfigTable) -> String? {
        let expected = "a volume name: 1 to 63 letters, digits, \"_\" and \"-\""
        guard let field = table.take("source") else {
            table.missing("source", expected: expected)
            return nil
        }
        guard case .string(let name) = field.node.value, Self.isVolumeName(name) else {
            report.mismatch(field, expected: expected)
            return nil
        }
        return name
    }

    static func isVolumeName(_ name: String) -> Bool {
        (1...63).contains(name.utf8.count) && name.utf8.allSatisfy(isNameByte)
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }

    private func readDestination(_ table: ConfigTable) -> String? {
        let expected = "an absolute path such as \"/data\": not \"/\", without \"..\", outside /dev, /proc and /sys"
        guard let field = table.take("destination") else {
            table.missing("destination", expected: expected)
            return nil
        }
        guard case .string(let path) = field.node.value, let normal = Self.normalised(path) else {
            report.mismatch(field, expected: expected)
            return nil
        }
        return normal
    }

    /// Nil when a Machine can't have a volume there.
    static func normalised(_ path: String) -> String? {
        guard path.hasPrefix("/"), path.utf8.count <= 4096, !path.unicodeScalars.contains("\0") else { return nil }
        let parts = path.split(separator: "/")
        guard let first = parts.first, !parts.contains("."), !parts.contains("..") else { return nil }
        guard !["dev", "proc", "sys"].contains(first) else { return nil }
        return "/" + parts.joined(separator: "/")
    }

    private func readVolumeSize(
        _ key: String,
        in table: ConfigTable,
        orNumber: Bool,
        at range: ClosedRange<Int>
    ) -> Int? {
        let form = orNumber ? "\"10gb\" or a number of GB" : "\"10gb\" as a string"
        let expected = "a size such as \(form), from \(range.lowerBound) to \(range.upperBound) GB"
        guard let field = table.take(key) else { return nil }
        let text = orNumber ? sizeText(field) : table.string(field, expected: expected)
        if text == "" || (text == nil && !orNumber) { return nil }
        guard let text, let size = Size.volumeGB(text), range.contains(size) else {
            report.mismatch(field, expected: expected)
            return nil
        }
        return size
    }

    /// Nil when the volume does not grow.
    private func readAutoExtend(_ table: ConfigTable) -> AppConfig.Mount.AutoExtend? {
        let keys = ["auto_extend_size_threshold", "auto_extend_size_increment", "auto_extend_size_limit"]
        let errors = report.errorCount
        let threshold = table.integer(keys[0], in: 0...99) ?? 0
        let increment = readVolumeSize(keys[1], in: table, orNumber: false, at: 1...100)
        let limit = readVolumeSize(keys[2], in: table, orNumber: false, at: 1...500)
        let isActive = threshold > 0 || increment != nil || limit != nil
        guard isActive, report.errorCount == errors else { return nil }
        guard (50...99).contains(threshold) else {
            let found = table.has(keys[0]) ? "found integer \(threshold)" : "missing"
            let position = table.keyPosition(keys[0])
            report.error(position, "\(table.join(keys[0])): \(found), expected an integer from 50 to 99")
            return nil
        }
        guard let increment else {
            table.missing(keys[1], expected: "a size such as \"10gb\" as a string, from 1 to 100 GB")
            return nil
        }
        return AppConfig.Mount.AutoExtend(threshold: threshold, incrementGB: increment, limitGB: limit)
    }
}

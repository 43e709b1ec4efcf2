extension AppConfigReader {
    mutating func readStatics() {
        var prefixes: Set<String> = []
        let tables = root.tableArray("statics")
        for table in tables {
            // In a bucket, no path is the whole of it.
            let isBucket = table.has("tigris_bucket")
            let guest = table.required("guest_path", expected: "a folder of the Machine") { key in
                table.string(key) ?? (isBucket ? "" : nil)
            }
            let prefix = table.required("url_prefix", expected: "a path such as \"/assets\"") { table.string($0) }
            let bucket = table.string("tigris_bucket")
            let index = table.string("index_document")
            if index != nil, bucket == nil {
                report.warn(
                    table.keyPosition("index_document"),
                    "\(table.join("index_document")): counts only beside tigris_bucket"
                )
            }
            if bucket != nil {
                table.hasNoEffect("tigris_bucket")
            } else if let guest, let prefix, StaticFiles(guestPath: guest, urlPrefix: prefix) == nil {
                report.warn(
                    table.keyPosition("guest_path"),
                    "\(table.join("guest_path")): not served here, expected the absolute path of a folder in the image"
                )
            }
            table.close()
            guard let guest, let prefix else { continue }
            if !prefixes.insert(prefix).inserted {
                report.warn(
                    table.keyPosition("url_prefix"),
                    "\(table.join("url_prefix")): \(ConfigNode.quoted(prefix)) is served by an earlier one already"
                )
            }
            config.statics.append(
                AppConfig.Static(guestPath: guest, urlPrefix: prefix, tigrisBucket: bucket, indexDocument: index)
            )
        }
        if tables.count > 10 {
            report.warn(root.keyPosition("statics"), "statics: found \(tables.count), Fly serves at most 10")
        }
    }

    mutating func readFiles() {
        let tables = root.tableArray("files")
        for table in tables {
            let guest = readGuestPath(table)
            let local = table.string("local_path", expected: "a path relative to this file")
            let secret = table.string("secret_name", expected: "the name of a secret")
            let raw = readBase64(table)
            let processes = filter(table, undefined: .warning)
            table.close()
            if let sources = Self.several([("local_path", local), ("secret_name", secret), ("raw_value", raw)]) {
                report.warn(
                    table.position,
                    "\(table.path): has \(sources.joined(separator: " and ")); the first counts"
                )
            }
            guard let guest else { continue }
            config.files.append(
                AppConfig.File(
                    processes: processes,
                    guestPath: guest,
                    localPath: local,
                    secretName: secret,
                    rawValue: raw
                )
            )
        }
    }

    mutating func readMetrics() {
        // Those of `[experimental]`, when there are any, come after `metric` and in place of `metrics`.
        let old = config.metrics
        let tables = root.tables("metric", "metrics")
        config.metrics = tables.compactMap { table in
            let port = table.required("port", expected: "an integer from 1 to 65535") { key in
                table.integer(key, in: 1...65_535)
            }
            var path: String?
            if let field = table.take("path"), let text = table.string(field) {
                path = text
                if !HTTPText.isTarget(text) { report.mismatch(field, expected: "a path such as \"/metrics\"") }
            }
            let https = table.boolean("https")
            if https == true { table.hasNoEffect("https") }
            let processes = filter(table, undefined: .warning)
            table.close()
            return port.map { AppConfig.Metrics(processes: processes, port: $0, path: path, https: https) }
        }
        config.metrics += old
    }

    /// Of the file as a whole or of a service.
    func readMachineChecks(_ table: ConfigTable) -> [AppConfig.MachineCheck] {
        let tables = table.tableArray("machine_checks")
        return tables.compactMap { check in
            let command = check.required("command", expected: "a list of strings such as [\"curl\", \"…\"]") { key in
                check.strings(key).flatMap { $0.isEmpty ? nil : $0 }
            }
            let image = check.string("image", expected: "the name of an image")
            let entrypoint = check.strings("entrypoint").flatMap { $0.isEmpty ? nil : $0 }
            let signal = check.choice("kill_signal", of: MachineConfig.Signal.allCases)
            let timeout = check.duration("kill_timeout", bare: .nanoseconds).map { GoDuration($0.value) }
            check.close()
            return command.map {
                AppConfig.MachineCheck(
                    command: $0,
                    image: image,
                    entrypoint: entrypoint,
                    killSignal: signal,
                    killTimeout: timeout
                )
            }
        }
    }

    // MARK: - Private

    private func readGuestPath(_ table: ConfigTable) -> String? {
        let expected = "an absolute path such as \"/etc/app.conf\""
        guard let field = table.take("guest_path"), let path = table.string(field, expected: expected) else {
            if !table.has("guest_path") { table.missing("guest_path", expected: expected) }
            return nil
        }
        guard path.hasPrefix("/"), !path.hasSuffix("/") else {
            report.mismatch(field, expected: expected)
            return nil
        }
        return path
    }

    private func readBase64(_ table: ConfigTable) -> String? {
        let expected = "the content of the file in base64"
        guard let field = table.take("raw_value"), let text = table.string(field, expected: expected) else {
            return nil
        }
        let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.utf8.count - digits.count
        let isBase64 = text.utf8.count.isMultiple(of: 4) && padding <= 2 && digits.allSatisfy(Self.isBase64Digit)
        guard isBase64, text.utf8.suffix(padding).allSatisfy({ $0 == UInt8(ascii: "=") }) else {
            report.mismatch(field, expected: expected)
            return nil
        }
        return text
    }

    private static func isBase64Digit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "/"): true
        default: false
        }
    }

    /// The names of those that are there, when they are more than one.
    private static func several(_ sources: [(name: String, value: String?)]) -> [String]? {
        let names = sources.filter { $0.value != nil }.map(\.name)
        return names.count > 1 ? names : nil
    }
}

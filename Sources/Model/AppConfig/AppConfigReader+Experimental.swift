extension AppConfigReader {
    mutating func readExperimental() {
        guard let table = root.table("experimental") else { return }
        config.overrides = MachineConfig.Init(
            exec: readOverride("exec", in: table),
            entrypoint: readOverride("entrypoint", in: table),
            cmd: readOverride("cmd", in: table)
        )
        readKillTimeout(table)
        var rest = AppConfig.Experimental()
        rest.autoRollback = readFlag("auto_rollback", in: table)
        rest.enableConsul = readFlag("enable_consul", in: table)
        rest.enableEtcd = readFlag("enable_etcd", in: table)
        rest.lazyLoadImages = readFlag("lazy_load_images", in: table)
        rest.machineConfig = readMachineConfig(table)
        rest.exportedSecrets = readExportedSecrets(table)
        config.experimental = rest == AppConfig.Experimental() ? nil : rest
        if let field = table.take("container") {
            report.mismatch(field, expected: "it at the top, before the first section: flyctl ignores it here")
        }
        table.obsolete("allowed_public_ports")
        readOldMetrics(table)
        table.close()
    }

    /// A list of words, or one string that is one word.
    func readOverride(_ key: String, in table: ConfigTable) -> [String]? {
        guard let field = table.take(key) else { return nil }
        if case .string = field.node.value { return table.string(field).map { [$0] } }
        return table.strings(field).flatMap { $0.isEmpty ? nil : $0 }
    }

    // MARK: - Private

    /// A flag that flyctl takes and does nothing with.
    private func readFlag(_ key: String, in table: ConfigTable) -> Bool? {
        guard let flag = table.boolean(key) else { return nil }
        report.warn(table.keyPosition(key), "\(table.join(key)) is obsolete and has no effect")
        return flag
    }

    private func readExportedSecrets(_ table: ConfigTable) -> [String: String]? {
        guard let attached = table.table("attached") else { return nil }
        let secrets = attached.table("secrets")
        let names = secrets?.take("export").map { attached.stringMap($0, coerced: false) }
        secrets?.close()
        attached.close()
        if names?.isEmpty == false { table.hasNoEffect("attached") }
        return names?.isEmpty == false ? names : nil
    }

    /// Where `[metrics]` once was; it counts only while there is no such section.
    private mutating func readOldMetrics(_ table: ConfigTable) {
        let keys = ["metrics_port", "metrics_path"].filter { table.has($0) }
        guard !keys.isEmpty else { return }
        let port = table.integer("metrics_port", in: 1...65_535)
        let path = table.string("metrics_path")
        guard !root.has("metrics") else {
            for key in keys {
                report.warn(table.keyPosition(key), "\(table.join(key)) has no effect beside [metrics]")
            }
            return
        }
        if !table.has("metrics_port") { table.missing("metrics_port", expected: "an integer from 1 to 65535") }
        guard let port else { return }
        config.metrics.append(AppConfig.Metrics(port: port, path: path))
    }
}

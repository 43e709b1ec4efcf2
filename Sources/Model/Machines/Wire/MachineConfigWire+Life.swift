/// What decides when a Machine runs, whom it asks for names, and how its volume grows.
extension MachineConfigWire {
    static func schedule(_ reader: WireReader) throws(Fault) -> String? {
        guard let text = try reader.string("schedule"), !text.isEmpty else { return nil }
        do throws(Fault) {
            _ = try Schedule(text)
        } catch {
            throw Fault(error.code, "\(reader.path).\(error.message)", hint: error.hint)
        }
        return text
    }

    static func dns(_ reader: WireReader) throws(Fault) -> MachineConfig.DNS? {
        guard let wanted = try reader.object("dns") else { return nil }
        var dns = MachineConfig.DNS()
        dns.nameservers = try words("nameservers", wanted)
        dns.searches = try words("searches", wanted)
        for option in try wanted.objects("options") {
            guard let name = try option.string("name"), isWord(name) else {
                throw option.fault("name", "expected the name of an option of resolv.conf")
            }
            let value = try option.string("value") ?? ""
            guard value.isEmpty || isWord(value) else { throw option.fault("value", "expected one word") }
            dns.options.append(value.isEmpty ? name : "\(name):\(value)")
        }
        dns.hostname = try hostname("hostname", wanted, most: 63)
        dns.fullHostname = try hostname("hostname_fqdn", wanted, most: 253)
        if let rules = wanted["dns_forward_rules"]?.array, !rules.isEmpty {
            throw wanted.fault(
                "dns_forward_rules",
                "Roost forwards no names of one Machine alone, found \(rules.count) rules",
                hint: "name a server that knows them in nameservers"
            )
        }
        return dns == MachineConfig.DNS() ? nil : dns
    }

    static func standbys(_ reader: WireReader, _ config: MachineConfig) throws(Fault) -> [String]? {
        guard let standbys = try reader.strings("standbys"), !standbys.isEmpty else { return nil }
        guard config.services.isEmpty else {
            throw reader.fault("standbys", "a Machine that stands by for others can't have services")
        }
        return standbys
    }

    static func metrics(_ reader: WireReader) throws(Fault) -> MachineConfig.Metrics? {
        guard let wanted = try reader.object("metrics"), let port = try wanted.int("port", in: 0...65_535), port > 0,
            try wanted.bool("https") != true
        else { return nil }
        let path = try wanted.string("path") ?? ""
        guard HTTPText.isTarget(path) || path.isEmpty else {
            throw wanted.fault("path", "expected a path such as /metrics, found \(ConfigNode.quoted(path))")
        }
        return MachineConfig.Metrics(port: port, path: path.isEmpty ? nil : path)
    }

    static func growth(_ mount: WireReader) throws(Fault) -> MachineConfig.Growth? {
        let threshold = try mount.int("extend_threshold_percent", in: 0...99) ?? 0
        let step = try mount.int("add_size_gb", in: 0...100) ?? 0
        let limit = try mount.int("size_gb_limit", in: 0...500) ?? 0
        if threshold == 0, step == 0, limit == 0 { return nil }
        guard threshold > 0, step > 0 else {
            throw mount.fault(
                "extend_threshold_percent",
                "a volume that grows needs extend_threshold_percent and add_size_gb, found \(threshold) and \(step)"
            )
        }
        return MachineConfig.Growth(threshold: threshold, stepGB: step, limitGB: limit == 0 ? nil : limit)
    }

    // MARK: - Private

    private static func hostname(_ name: String, _ reader: WireReader, most: Int) throws(Fault) -> String? {
        guard let text = try reader.string(name), !text.isEmpty else { return nil }
        guard isWord(text), text.utf8.count <= most else {
            throw reader.fault(name, "expected a host name, found \(ConfigNode.quoted(text))")
        }
        return text
    }

    private static func words(_ name: String, _ reader: WireReader) throws(Fault) -> [String] {
        let all = try reader.strings(name) ?? []
        if let wrong = all.first(where: { !isWord($0) }) {
            throw reader.fault(name, "\(ConfigNode.quoted(wrong)) is not one word")
        }
        return all
    }

    /// What can stand in a line of `resolv.conf`.
    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }
    }
}

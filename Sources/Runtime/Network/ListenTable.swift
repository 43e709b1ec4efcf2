import Model

/// Reads `/proc/<pid>/net/tcp` and `tcp6`.
enum ListenTable {
    /// The sockets that wait for connections (state 0A).
    ///
    /// > Source: Linux, Documentation/networking/proc_net_tcp.rst; addresses are 32-bit words in the host's byte order.
    static func parse(_ text: String) -> [ListenAddress] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 3, fields[3] == "0A" else { return nil }
            let parts = fields[1].split(separator: ":")
            guard parts.count == 2, let port = Int(parts[1], radix: 16), let host = host(parts[0]) else { return nil }
            return ListenAddress(host: host, port: port)
        }
    }

    /// The same, each with its inode, by which its owner is known.
    static func sockets(_ text: String, transport: String) -> [(inode: UInt64, socket: MachineProcess.Socket)] {
        text.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let inode = UInt64(fields[9]),
                let address = parse("head\n" + line).first
            else { return nil }
            return (inode, MachineProcess.Socket(transport: transport, address: address.description))
        }
    }

    private static func host(_ digits: Substring) -> String? {
        var words: [UInt32] = []
        var rest = digits
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            words.append(UInt32(bigEndian: word))
            rest = rest.dropFirst(8)
        }
        if words.count == 1 { return IPv4Block.text(words[0]) }
        guard words.count == 4 else { return nil }
        if words[0] == 0, words[1] == 0, words[2] == 0xffff { return IPv4Block.text(words[3]) }
        return IPv6Text.compressed(words.flatMap { [UInt16($0 >> 16), UInt16($0 & 0xffff)] })
    }
}

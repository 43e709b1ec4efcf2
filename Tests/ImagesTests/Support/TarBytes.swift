import Foundation

/// Tar archives by hand, also such as no honest program writes.
struct TarBytes {
    private(set) var data = Data()

    /// Adds a member with a plain header.
    mutating func add(
        _ name: String,
        _ type: Character = "0",
        _ content: String = "",
        target: String = "",
        mode: Int = 0o644
    ) {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at place: Int) {
            for (index, byte) in text.utf8.enumerated() { block[place + index] = byte }
        }
        func octal(_ value: Int, _ width: Int) -> String {
            let digits = String(value, radix: 8)
            return String(repeating: "0", count: width - digits.count) + digits
        }
        put(name, at: 0)
        put(octal(mode, 7), at: 100)
        put(octal(0, 7), at: 108)
        put(octal(0, 7), at: 116)
        put(octal(content.utf8.count, 11), at: 124)
        put(octal(1_000_000_000, 11), at: 136)
        put("        ", at: 148)
        put(String(type), at: 156)
        put(target, at: 157)
        put("ustar\u{0}00", at: 257)
        put(octal(0, 7), at: 329)
        put(octal(0, 7), at: 337)
        put(octal(block.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
        data.append(contentsOf: block)
        data.append(Data(content.utf8))
        data.append(Data(count: (512 - content.utf8.count % 512) % 512))
    }

    /// Adds a header of extended records for the member that follows.
    mutating func addPax(_ records: [(String, String)]) {
        var text = ""
        for (key, value) in records {
            let rest = " \(key)=\(value)\n"
            var length = rest.utf8.count
            while "\(length)".utf8.count + rest.utf8.count != length {
                length = "\(length)".utf8.count + rest.utf8.count
            }
            text += "\(length)\(rest)"
        }
        add("pax", "x", text)
    }

    /// The whole archive.
    var ended: Data { data + Data(count: 1024) }
}

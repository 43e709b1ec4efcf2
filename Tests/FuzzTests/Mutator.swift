/// Damages inputs: bytes flipped, cut, doubled, words of the format put in, two inputs joined, numbers grown.
struct Mutator {
    var random: SplitMix64
    /// What the format is made of.
    let words: [[UInt8]]
    /// Bytes; longer inputs are cut.
    static let maximum = 16 << 10

    init(seed: UInt64, words: [String]) {
        random = SplitMix64(state: seed)
        self.words = words.map { Array($0.utf8) }
    }

    /// One to eight changes of one of these inputs.
    mutating func next(_ pool: [[UInt8]]) -> [UInt8] {
        var bytes = pool.randomElement(using: &random) ?? []
        for _ in 0..<Int.random(in: 1...8, using: &random) {
            change(&bytes, pool)
            if bytes.count > Self.maximum { bytes.removeLast(bytes.count - Self.maximum) }
        }
        return bytes
    }

    // MARK: - Private

    private mutating func change(_ bytes: inout [UInt8], _ pool: [[UInt8]]) {
        let start = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, start + Int.random(in: 0...16, using: &random))
        switch Int.random(in: 0..<8, using: &random) {
        case 0 where start < bytes.count: bytes[start] = UInt8.random(in: 0...255, using: &random)
        case 1 where start < bytes.count: bytes[start] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeSubrange(start..<end)
        case 3: bytes.insert(contentsOf: bytes[start..<end], at: start)
        case 4: bytes.insert(contentsOf: words.randomElement(using: &random) ?? [], at: start)
        case 5: bytes.replaceSubrange(start..<end, with: words.randomElement(using: &random) ?? [])
        case 6:
            let other = pool.randomElement(using: &random) ?? []
            bytes.replaceSubrange(start..., with: other.suffix(Int.random(in: 0...other.count, using: &random)))
        default: growNumber(&bytes, from: start)
        }
    }

    /// The next digit becomes many, or the largest number that 64 bits hold.
    private mutating func growNumber(_ bytes: inout [UInt8], from start: Int) {
        guard let place = bytes[start...].firstIndex(where: { (48...57).contains($0) }) else { return }
        let numbers = [
            "9223372036854775807", "9223372036854775808", "18446744073709551616", "-1", "0", "00", "4294967296",
        ]
        bytes.replaceSubrange(place...place, with: (numbers.randomElement(using: &random) ?? "").utf8)
    }
}

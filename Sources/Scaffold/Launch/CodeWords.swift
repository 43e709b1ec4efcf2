/// What Python code names: files and folders in its strings, and modules that it imports.
///
/// Read without a parser: a name too many costs a few bytes in an image, and no string is a path for certain anyway.
struct CodeWords {
    /// Names with a dot in them that stand in quotes or in a path.
    private(set) var files: Set<String> = []
    /// Names that begin a path, or are handed to what takes one.
    private(set) var folders: Set<String> = []
    /// The first part of each module's name.
    private(set) var modules: Set<String> = []

    /// Takes in one file.
    mutating func add(_ text: String) {
        let bytes = Array(text.utf8)
        var last: Range<Int> = 0..<0
        var place = 0
        while let begin = bytes[place...].firstIndex(where: Self.isWord) {
            let end = bytes[begin...].firstIndex { !Self.isWord($0) } ?? bytes.count
            take(begin..<end, in: bytes, after: bytes[last])
            last = begin..<end
            place = end
        }
    }

    // MARK: - Private

    private mutating func take(_ range: Range<Int>, in bytes: [UInt8], after last: ArraySlice<UInt8>) {
        let before = range.lowerBound > 0 ? bytes[range.lowerBound - 1] : 0
        let after = range.upperBound < bytes.count ? bytes[range.upperBound] : 0
        let word = bytes[range]
        if last.elementsEqual("from".utf8) || last.elementsEqual("import".utf8) {
            modules.insert(String(decoding: word.prefix { $0 != UInt8(ascii: ".") }, as: UTF8.self))
        }
        guard Self.isEdge(before), Self.isEdge(after) else { return }
        let name = String(decoding: word, as: UTF8.self)
        if word.contains(UInt8(ascii: ".")) { files.insert(name) }
        if Self.isFolder(range, before: before, after: after, in: bytes) { folders.insert(name) }
    }

    /// `"name/…"`, `./name`, `x / "name"` and `Path("name")`, but neither `"/name"` nor `x["name"]`: an address, a key.
    private static func isFolder(_ range: Range<Int>, before: UInt8, after: UInt8, in bytes: [UInt8]) -> Bool {
        let slash = UInt8(ascii: "/")
        if before == slash {
            let earlier = range.lowerBound > 1 ? bytes[range.lowerBound - 2] : 0
            return earlier == UInt8(ascii: ".")
        }
        if after == slash { return true }
        let lead = bytes[max(0, range.lowerBound - 41)..<(range.lowerBound - 1)]
        if lead.last(where: { $0 != UInt8(ascii: " ") }) == slash { return true }
        let line = lead.lastIndex(of: UInt8(ascii: "\n")).map { lead[($0 + 1)...] } ?? lead
        return line.indices.contains { place in
            takers.contains { line[place...].starts(with: $0) }
        }
    }

    /// What takes a folder's name, as bytes: this is asked of every word in quotes.
    private static let takers = [
        "Path(", "join(", "joinpath(", "open(", "dir=", "directory=", "folder=", "listdir(", "Templates(",
        "StaticFiles(", "glob(", "load(", "from_pretrained(",
        // A name or a field that holds it: `MODEL_DIR = "sample_model"`, `data_path: str = "data"`.
        "DIR", "dir:", "dir =", "PATH", "path:", "path =", "path=", "FOLDER", "folder:", "folder =",
    ].map { Array($0.utf8) }

    private static func isEdge(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x2F }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 48...57, 65...90, 97...122, 0x5F, 0x2D, 0x2E, 0x80...0xFF: true
        default: false
        }
    }
}

import Foundation
import Model
import Testing
import Toolkit

@Suite("Recovery keys")
struct RecoveryKeyTests {
    private static let bundle = KeyBundle(files: [.init(path: "keys/digest.key", mode: 0o600, content: "aHVzaA==")])

    @Test("what is sealed to one opens with it as it was printed, however it is typed")
    func opens() throws {
        let key = RecoveryKey()
        let sealed = try RecoveryKey.seal(Self.bundle, to: key.publicKey)
        #expect(sealed.keyID == key.id && key.id.count == 16)
        #expect(!String(decoding: try JSON.encode(sealed), as: UTF8.self).contains("digest.key"))
        let groups = key.text.split(separator: "-")
        #expect(groups.count == 11 && groups.allSatisfy { $0.count == 5 })
        let typed = key.text.lowercased().replacing("-", with: " ").replacing("0", with: "o").replacing("1", with: "l")
        for text in [key.text, typed, "  \(key.text)\n"] {
            #expect(try RecoveryKey(text: text).open(sealed) == Self.bundle)
        }
    }

    @Test("two times the same is sealed to two texts")
    func fresh() throws {
        let key = RecoveryKey()
        #expect(
            try RecoveryKey.seal(Self.bundle, to: key.publicKey) != RecoveryKey.seal(Self.bundle, to: key.publicKey)
        )
    }

    @Test("a mistyped letter, a lost group and another text are told, not taken for another key")
    func mistyped() throws {
        let text = RecoveryKey().text
        var wrong: [String] = ["", "hello", String(text.dropLast(6)), text + "-AAAAA"]
        for place in stride(from: 0, to: text.count, by: 7) {
            let index = text.index(text.startIndex, offsetBy: place)
            guard text[index] != "-" else { continue }
            wrong.append(text.replacingCharacters(in: index...index, with: text[index] == "7" ? "8" : "7"))
        }
        for text in wrong {
            let fault = #expect(throws: Fault.self) { try RecoveryKey(text: text) }
            #expect(fault?.code == .invalidRequest && fault?.message.contains("mistyped") == true, "\(text)")
        }
    }

    @Test("another key does not open it, and is named; a damaged text is told")
    func refused() throws {
        let (key, other) = (RecoveryKey(), RecoveryKey())
        var sealed = try RecoveryKey.seal(Self.bundle, to: key.publicKey)
        let fault = #expect(throws: Fault.self) { try other.open(sealed) }
        #expect(fault?.message.contains(key.id) == true && fault?.message.contains(other.id) == true)
        var bytes = try #require(Data(base64Encoded: sealed.sealed))
        bytes[bytes.count - 1] ^= 1
        sealed.sealed = bytes.base64EncodedString()
        #expect(#expect(throws: Fault.self) { try key.open(sealed) }?.code == .corrupt)
        sealed.sealed = "short"
        #expect(#expect(throws: Fault.self) { try key.open(sealed) }?.code == .corrupt)
        #expect(#expect(throws: Fault.self) { try RecoveryKey.seal(Self.bundle, to: "AAAA") }?.code == .corrupt)
    }

    @Test("a bundle whose paths lead elsewhere is refused, whoever sealed it")
    func strays() throws {
        let key = RecoveryKey()
        let bundle = KeyBundle(files: [.init(path: "keys/../../etc/passwd", mode: 0o600, content: "")])
        let sealed = try RecoveryKey.seal(bundle, to: key.publicKey)
        #expect(#expect(throws: Fault.self) { try key.open(sealed) }?.code == .corrupt)
    }

    @Test("bytes go into letters and back, whatever they are and however many", arguments: 1...40)
    func letters(count: Int) {
        for pattern: UInt8 in [0, 255, 170, 1] {
            let bytes = [UInt8](repeating: pattern, count: count)
            #expect(SpokenBytes.read(SpokenBytes.text(bytes), count: count) == bytes)
        }
        #expect(SpokenBytes.read("U", count: 1) == nil)
    }

    @Test("a password has 200 bits, and no two are alike")
    func passwords() {
        let all = Set((0..<50).map { _ in SpokenBytes.password(bytes: 25) })
        #expect(all.count == 50 && all.allSatisfy { $0.count == 47 })
    }
}

import Foundation
import Model
import Testing
import Toolkit

@Suite("Keys of a host")
struct HostKeysTests {
    private static func with(_ body: (HostKeys, String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "roost-keys-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let keys = HostKeys(folder: folder)
        try keys.prepare()
        try body(keys, folder)
    }

    private static let now = Timestamp(milliseconds: 5)

    @Test("what is sealed is opened again, also by who starts later, and never twice the same")
    func roundTrip() throws {
        try Self.with { keys, folder in
            let value = "p@ss \n ü \"x\" " + String(repeating: "z", count: 70_000)
            let one = try keys.sealer().seal(value, app: "shop", name: "KEY", now: Self.now)
            let two = try keys.sealer().seal(value, app: "shop", name: "KEY", now: Self.now)
            #expect(one.sealed != two.sealed && one.digest == two.digest && one.digest.count == 16)
            let later = HostKeys(folder: folder)
            try later.prepare()
            #expect(try later.opener.open(one, app: "shop", name: "KEY") == value)
            #expect(try later.opener.open(two, app: "shop", name: "KEY") == value)
            #expect(try later.sealer().seal("", app: "shop", name: "E", now: Self.now).digest != one.digest)
        }
    }

    @Test("moved to another app or name it does not open, and its digest is another one")
    func bound() throws {
        try Self.with { keys, _ in
            let sealer = try keys.sealer()
            let secret = try sealer.seal("v", app: "shop", name: "KEY", now: Self.now)
            for (app, name) in [("other", "KEY"), ("shop", "OTHER"), ("shopKEY", "")] {
                #expect(throws: Fault.self) { try keys.opener.open(secret, app: app, name: name) }
                #expect(sealer.digest("v", app: app, name: name) != secret.digest)
            }
        }
    }

    @Test("damage is found, whatever byte it hits")
    func damaged() throws {
        try Self.with { keys, _ in
            let secret = try keys.sealer().seal("value", app: "shop", name: "KEY", now: Self.now)
            let bytes = try #require(Data(base64Encoded: secret.sealed))
            for index in bytes.indices {
                var bad = bytes
                bad[index] ^= 0x40
                var other = secret
                other.sealed = bad.base64EncodedString()
                #expect(throws: Fault.self) { try keys.opener.open(other, app: "shop", name: "KEY") }
            }
            for text in ["", "x", "AAAA"] {
                var other = secret
                other.sealed = text
                #expect(throws: Fault.self) { try keys.opener.open(other, app: "shop", name: "KEY") }
            }
        }
    }

    @Test("without the folder nothing opens, and what is missing is named")
    func withoutKeys() throws {
        try Self.with { keys, folder in
            let secret = try keys.sealer().seal("value", app: "shop", name: "KEY", now: Self.now)
            try FileManager.default.removeItem(atPath: folder)
            try keys.prepare()
            #expect {
                try keys.opener.open(secret, app: "shop", name: "KEY")
            } throws: { error in
                let fault = error as? Fault
                return fault?.code == .corrupt && fault?.message.contains(secret.key) == true
            }
            #expect(try keys.sealer().digest("value", app: "shop", name: "KEY") != secret.digest)
        }
    }

    @Test("a new key seals, older ones open until they are forgotten; files are for root alone")
    func newKey() throws {
        try Self.with { keys, folder in
            let old = try keys.sealer().seal("value", app: "shop", name: "KEY", now: Self.now)
            let id = try keys.makeKey()
            let new = try keys.sealer().seal("value", app: "shop", name: "KEY", now: Self.now)
            #expect(new.key == id && old.key != id && new.digest == old.digest)
            #expect(try keys.opener.open(old, app: "shop", name: "KEY") == "value")
            try keys.forget(except: id)
            #expect(throws: Fault.self) { try keys.opener.open(old, app: "shop", name: "KEY") }
            #expect(try keys.opener.open(new, app: "shop", name: "KEY") == "value")
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let mode = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.posixPermissions]
                #expect(mode as? Int == 0o600)
            }
            #expect(try FileManager.default.attributesOfItem(atPath: folder)[.posixPermissions] as? Int == 0o700)
        }
    }

    @Test("a password is the same for a name, another for another name and on another host")
    func passwords() throws {
        try Self.with { keys, _ in
            let sealer = try keys.sealer()
            let password = sealer.password(for: "shop-postgres")
            #expect(password.count == 32 && password.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) })
            #expect(sealer.password(for: "shop-postgres") == password && sealer.password(for: "shop") != password)
            try Self.with { other, _ in
                let theirs = try other.sealer().password(for: "shop-postgres")
                #expect(theirs != password)
            }
        }
    }
}

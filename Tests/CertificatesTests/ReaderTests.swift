import Certificates
import Foundation
import Model
import Testing

/// A folder that goes with the test.
final class TestFolder: Sendable {
    let path = NSTemporaryDirectory() + "certificates-\(UUID().uuidString.prefix(8))"
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

@Suite("Certificates that are brought")
struct ReaderTests {
    private let folder = TestFolder()
    private let now = Timestamp(milliseconds: 1_800_000_000_000)

    private func authority() throws -> LocalAuthority {
        try LocalAuthority(keys: KeyFolder(folder: folder.path), host: "test", at: now)
    }

    private func refusal(_ chain: String, _ key: String, _ name: String, at time: Timestamp? = nil) -> Fault? {
        do {
            _ = try CertificateReader.check(chain: chain, key: key, for: name, at: time ?? now)
            return nil
        } catch {
            return error
        }
    }

    @Test("the local authority's pass all that is asked of a brought one")
    func local() throws {
        let authority = try authority()
        let (chain, key) = try authority.issue("notes.localhost", at: now)
        // In the wrong order, with the root: what is presented is the chain without it.
        let pair = try CertificateReader.check(
            chain: authority.certificate + chain,
            key: key,
            for: "notes.localhost",
            at: now
        )
        #expect(pair.chain == chain)
        #expect(pair.facts.names == ["notes.localhost"] && pair.facts.kind == .ecdsa)
        #expect(pair.facts.issuer == "Roost Roost local authority of test")
    }

    @Test("is the same authority after a restart")
    func again() throws {
        #expect(try authority().certificate == authority().certificate)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/local-authority.pem")
        #expect(mode[.posixPermissions] as? Int == 0o600)
    }

    @Test("another name, another's key, an end that has come: each is refused in words")
    func refused() throws {
        let authority = try authority()
        let (chain, key) = try authority.issue("notes.localhost", at: now)
        let (_, other) = try authority.issue("notes.localhost", at: now)
        #expect(refusal(chain, key, "notes.localhost") == nil)
        #expect(refusal(chain, other, "notes.localhost")?.message.contains("does not belong") == true)
        #expect(refusal(chain, key, "blog.localhost")?.message.contains("not for blog.localhost") == true)
        let late = now.advanced(by: .seconds(91 * 86_400))
        #expect(refusal(chain, key, "notes.localhost", at: late)?.message.contains("expired at") == true)
        let early = now.advanced(by: .seconds(-86_400))
        #expect(refusal(chain, key, "notes.localhost", at: early)?.message.contains("is good from") == true)
        #expect(refusal("", key, "notes.localhost")?.code == .certificateInvalid)
        #expect(refusal(chain, "hello", "notes.localhost")?.message.contains("no private key") == true)
        let broken = key.replacing("M", with: "!")
        let fault = refusal(chain, broken, "notes.localhost")
        #expect(fault?.code == .certificateInvalid && fault?.message.contains(key.dropFirst(40).prefix(20)) == false)
    }

    @Test("names of keys lead nowhere else")
    func names() throws {
        let keys = KeyFolder(folder: folder.path)
        for name in ["../x", "a/b", "", "A"] { #expect(throws: Fault.self) { try keys.load(name) } }
        let name = try keys.save("secret")
        #expect(try keys.load(name) == "secret" && keys.find("none") == nil)
    }
}

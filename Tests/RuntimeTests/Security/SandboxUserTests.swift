import Model
import Testing

@testable import Runtime

@Suite("The user of a sandbox")
struct SandboxUserTests {
    private let passwd = "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\nbad:x\n"
    private let group = "root:x:0:\napp:x:1001:\nextra:x:2000:other,app\nmore:x:2001:app\n"

    @Test(
        "is found by name and by number",
        arguments: [
            ("", 0, 0, [], "/root"), ("root", 0, 0, [], "/root"), ("app", 1000, 1001, [2000, 2001], "/home/app"),
            ("1000", 1000, 1001, [2000, 2001], "/home/app"), ("app:extra", 1000, 2000, [2001], "/home/app"),
            ("app:5", 1000, 5, [2000, 2001], "/home/app"), ("4711", 4711, 0, [], "/"),
            ("4711:4712", 4711, 4712, [], "/"),
        ] as [(String, UInt32, UInt32, [UInt32], String)]
    )
    func found(text: String, uid: UInt32, gid: UInt32, groups: [UInt32], home: String) throws {
        let user = try SandboxUser.resolve(text, passwd: passwd, group: group)
        #expect(user == SandboxUser(uid: uid, gid: gid, groups: groups, home: home))
    }

    @Test("may be a number in an image without /etc/passwd, but not a name")
    func withoutFiles() throws {
        #expect(try SandboxUser.resolve("1000", passwd: nil, group: nil).uid == 1000)
        #expect(throws: Fault.self) { try SandboxUser.resolve("app", passwd: nil, group: nil) }
        #expect(throws: Fault.self) { try SandboxUser.resolve("1000:nobody", passwd: passwd, group: group) }
    }

    @Test("keeps capabilities only as root, and never raw sockets")
    func capabilities() throws {
        let root = BundleConfig.capabilities(of: try SandboxUser.resolve("", passwd: nil, group: nil))
        #expect(root.contains("CAP_SETUID") && !root.contains("CAP_NET_RAW") && !root.contains("CAP_SYS_ADMIN"))
        #expect(BundleConfig.capabilities(of: try SandboxUser.resolve("1000", passwd: nil, group: nil)).isEmpty)
    }
}

import Foundation
import Testing

@testable import Runtime

@Suite("The system call filter")
struct SeccompProfileTests {
    private let text = """
        {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
         "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                     {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
         "syscalls": [
          {"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {}, "excludes": {}},
          {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "args": [], "includes": {"arches": ["amd64"]}},
          {"names": ["chroot"], "action": "SCMP_ACT_ALLOW", "args": null, "includes": {"caps": ["CAP_SYS_CHROOT"]}},
          {"names": ["chroot"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": {"caps": ["CAP_SYS_CHROOT"]}},
          {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
          {"names": ["personality"], "action": "SCMP_ACT_ALLOW",
           "args": [{"index": 0, "value": 8, "valueTwo": 0, "op": "SCMP_CMP_EQ"}]}]}
        """

    private func names(_ architecture: String, _ kernel: (Int, Int), _ capabilities: Set<String>) throws -> [String] {
        let profile = try JSONDecoder().decode(SeccompProfile.self, from: Data(text.utf8))
        let rules = profile.rules(for: .init(architecture: architecture, kernel: kernel, capabilities: capabilities))
        return rules.syscalls.map { "\($0.names[0])\($0.action == "SCMP_ACT_ALLOW" ? "" : "!")" }
    }

    @Test("has the rules of its architecture, kernel and capabilities only")
    func filters() throws {
        #expect(try names("amd64", (6, 1), []) == ["read", "arch_prctl", "chroot!", "ptrace", "personality"])
        #expect(try names("arm64", (6, 1), []) == ["read", "chroot!", "ptrace", "personality"])
        #expect(try names("amd64", (4, 7), ["CAP_SYS_CHROOT"]) == ["read", "arch_prctl", "chroot", "personality"])
    }

    @Test("lets in the host's own architecture alone, and keeps error numbers and arguments")
    func keeps() throws {
        let profile = try JSONDecoder().decode(SeccompProfile.self, from: Data(text.utf8))
        let rules = profile.rules(for: .init(architecture: "amd64", kernel: (6, 1), capabilities: []))
        #expect(rules.architectures == ["SCMP_ARCH_X86_64"])
        #expect(rules.defaultErrnoRet == 38)
        #expect(rules.syscalls[2].errnoRet == 1)
        #expect(rules.syscalls[4].args?.first?.value == 8)
    }

    @Test("makes no namespaces: in one of its own any process would have all capabilities")
    func namespaces() throws {
        let text = """
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
             "syscalls": [{"names": ["clone", "clone3", "fork", "mount", "unshare"], "action": "SCMP_ACT_ALLOW"}]}
            """
        let profile = try JSONDecoder().decode(SeccompProfile.self, from: Data(text.utf8))
        let rules = profile.rules(for: .init(architecture: "amd64", kernel: (6, 1), capabilities: []))
        #expect(rules.syscalls.map(\.names) == [["fork"], ["clone"]])
        #expect(rules.syscalls.last?.args?.first?.value == 0x7e02_0000)
        let all = profile.rules(for: .init(architecture: "amd64", kernel: (6, 1), capabilities: ["CAP_SYS_ADMIN"]))
        #expect(all.syscalls.map(\.names.count) == [5])
    }

    @Test("has no keyrings, and only sockets that a network namespace confines")
    func sockets() throws {
        let text = """
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
             "syscalls": [
              {"names": ["keyctl", "read"], "action": "SCMP_ACT_ALLOW"},
              {"names": ["socket"], "action": "SCMP_ACT_ERRNO", "errnoRet": 22,
               "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_EQ"}, {"index": 2, "value": 9, "op": "SCMP_CMP_EQ"}]},
              {"names": ["socket"], "action": "SCMP_ACT_ALLOW",
               "args": [{"index": 0, "value": 16, "op": "SCMP_CMP_NE"}]}]}
            """
        let profile = try JSONDecoder().decode(SeccompProfile.self, from: Data(text.utf8))
        let rules = profile.rules(for: .init(architecture: "amd64", kernel: (6, 1), capabilities: [])).syscalls
        #expect(rules.first?.names == ["read"])
        // Programs that report to the audit system take this for a kernel without one.
        #expect(rules[1].errnoRet == 22 && rules[1].args?.map(\.value) == [16, 9])
        let families = rules.dropFirst(2).map { $0.args?.first?.value }
        #expect(families == [1, 2, 10, 16])
        #expect(rules.dropFirst().allSatisfy { $0.names == ["socket"] && $0.args?.first?.op == "SCMP_CMP_EQ" })
        #expect(rules.last?.args?.last?.value == 9 && rules.last?.args?.last?.op == "SCMP_CMP_NE")
    }

    @Test("is required: nothing runs without")
    func missing() {
        #expect(throws: (any Error).self) { try SeccompProfile.load("/nonexistent") }
    }
}

import Model
import Testing

@testable import Agent

@Suite("What a Machine's start is made of")
struct SandboxPlanTests {
    @Test("no secret may have the name of what the platform says")
    func platformNames() {
        let machine = Machine(
            id: .random(),
            name: "m",
            app: "shop",
            region: "local",
            host: "h",
            createdAt: Timestamp(milliseconds: 0),
            spec: .init(instance: "i", config: MachineConfig(image: "x"))
        )
        let env = SandboxPlan.environment(
            machine,
            address: .init(ipv4: "10.0.0.1", ipv6: "fdaa::1"),
            image: Image(digest: "x", layers: [], config: Image.Config())
        )
        #expect(Set(env.keys) == SecretRules.platformNames)
    }
}

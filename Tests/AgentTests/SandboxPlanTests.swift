import Testing

@testable import Agent

@Suite("What a Machine's start is made of")
struct SandboxPlanTests {
    @Test("an app's own values go over its configuration, and never over what the platform sets")
    func ownValues() {
        let env = SandboxPlan.adding(
            ["DATABASE_URL": "own", "FLY_APP_NAME": "other"],
            to: ["DATABASE_URL": "config", "FLY_APP_NAME": "shop", "A": "1"]
        )
        #expect(env == ["DATABASE_URL": "own", "FLY_APP_NAME": "shop", "A": "1"])
    }
}

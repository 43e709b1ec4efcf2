import Testing

@testable import Scaffold

@Suite("Packages that import all of each other")
struct StarImportTests {
    @Test("take no longer than others", .timeLimit(.minutes(1)))
    func circles() async throws {
        // Each module leads to each other one, so that the ways to a name double with every step.
        let count = 6
        let stars = (0..<count).map { "from .m\($0) import *\n" }.joined()
        var files = ["shop/__init__.py": stars, "requirements.txt": "fastapi\n"]
        for index in 0..<count { files["shop/m\(index).py"] = stars + "def f\(index)(): return unknown_\(index)()\n" }
        files["main.py"] =
            "from shop import *\nfrom fastapi import FastAPI\n\napp = FastAPI()\napp.include_router(orders.router)\n"
        let scan = try await Scan.run(Project(files: files))
        #expect(scan.facts.entry?.target == "main:app")
        let report = Audit.run(AuditContext(try await scan.context.withAllCode()))
        #expect(report.problems.isEmpty)
    }
}

extension PythonBaseMaker {
    func base(python: String?, packages: [String], _ trace: BuildTrace) async throws -> PythonBase { try await base(trace) }
}

package import Model

extension OCIRuntime {
    /// Brings what each Machine sees of its memory and CPUs up to date, and spreads busy ones over the host's CPUs.
    ///
    /// - Returns: those that go on elsewhere, and where.
    package func refreshSizes() async -> [Machine.ID: [Int]] { sizes.refresh() }
}

extension Scan {
    /// In their order: each may use what those before it have set.
    static let detectors: [@Sendable (inout ScanContext) -> Void] = [
        ManifestDetector.detect,
        EntryDetector.detect,
        FrameworkDetector.detect,
        PythonVersionDetector.detect,
        DatabaseDetector.detect,
        MigrationDetector.detect,
        ProcessDetector.detect,
        HealthDetector.detect,
        StaticDetector.detect,
        EnvironmentDetector.detect,
        TraitDetector.detect,
        UnnamedImports.detect,
        { $0.facts.warnings += ConfiguredAddresses.warnings($0) },
    ]
}

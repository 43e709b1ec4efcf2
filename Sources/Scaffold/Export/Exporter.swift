package import Model

/// Writes what a project needs to live in another place.
package enum Exporter {
    /// Writes the files for one target.
    ///
    /// - Returns: the files, what only the user knows, and every fact that the target has no place for.
    /// - Throws: ``Fault`` `unsupported` when there is nothing that the target could run, `invalidRequest` for an option
    ///   that makes no sense.
    package static func export(_ target: ExportTarget, _ input: ExportInput) throws(Fault) -> Generated {
        let plan = try ExportPlan.make(input)
        var result = try files(target, plan)
        result.notes = Self.lines(plan.notes + result.notes + ExportNotes(plan, target).lines)
        result.needed = Self.lines(result.needed)
        return result
    }

    // MARK: - Private

    /// Each sentence once and on one line, whatever names of the project are in it.
    private static func lines(_ sentences: [String]) -> [String] {
        var seen: Set<String> = []
        return sentences.map { Quoting.comment($0) }.filter { seen.insert($0).inserted }
    }

    private static func files(_ target: ExportTarget, _ plan: ExportPlan) throws(Fault) -> Generated {
        switch target {
        case .compose: try ComposeExport.export(plan)
        case .nginx: try NginxExport.export(plan)
        case .traefik: try TraefikExport.export(plan)
        case .k8s: KubernetesExport.export(plan)
        case .ecs: ECSExport.export(plan)
        case .cloudrun: try CloudRunExport.export(plan)
        case .heroku: try HerokuExport.export(plan)
        case .githubActions: WorkflowExport.export(plan)
        case .gunicorn: try GunicornExport.export(plan)
        case .systemd: try SystemdExport.export(plan)
        }
    }
}

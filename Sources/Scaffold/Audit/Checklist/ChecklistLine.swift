/// A line of the production checklist.
package struct ChecklistLine: Codable, Equatable, Sendable {
    package enum Status: String, Codable, Sendable {
        case passed, failed
        /// Only a person can tell.
        case confirm
        /// The project has nothing that it speaks of.
        case absent
    }

    /// `backups`, stable.
    package var id: String
    /// `Database`.
    package var area: String
    package var text: String
    package var status: Status
    /// Rules that found something.
    package var failedBy: [String]
    /// Who answers for it, of a line that only a person can tell.
    package var owner: String?
}

/// What must be true before an app goes to production; the machine tells what it can.
enum Checklist {
    /// What the project must have for a line to make sense.
    enum Subject: Sendable { case always, image, python, database, deployment, proxy, workflow }

    struct Entry: Sendable {
        var id: String
        var area: String
        var text: String
        /// None of these may find anything; empty when only a person can tell.
        var rules: [String]
        var subject: Subject
        /// Packages one of which does it: without any, that no rule found anything says nothing, and a person has to tell.
        var by: [String]

        init(
            _ id: String,
            _ area: String,
            _ text: String,
            _ rules: [String] = [],
            of subject: Subject = .always,
            by: [String] = []
        ) {
            self.id = id
            self.area = area
            self.text = text
            self.rules = rules
            self.subject = subject
            self.by = by
        }
    }

    static func lines(for report: AuditReport, context: AuditContext, owners: [String: String]) -> [ChecklistLine] {
        let failing = Dictionary(grouping: report.findings, by: \.rule)
        let ran = Set(report.rules)
        return entries.map { entry in
            var line = ChecklistLine(
                id: entry.id,
                area: entry.area,
                text: entry.text,
                status: .confirm,
                failedBy: [],
                owner: nil
            )
            let mine = entry.rules.filter(ran.contains)
            let isSilent = !entry.by.isEmpty && !entry.by.contains { context.uses($0) }
            if entry.rules.isEmpty || isSilent && mine.allSatisfy({ failing[$0] == nil }) {
                line.owner = owners[entry.id]
            } else if mine.isEmpty || !context.has(entry.subject) {
                line.status = .absent
            } else {
                line.failedBy = mine.filter { failing[$0] != nil }
                line.status = line.failedBy.isEmpty ? .passed : .failed
            }
            return line
        }
    }
}

extension AuditContext {
    fileprivate func has(_ subject: Checklist.Subject) -> Bool {
        switch subject {
        case .always: true
        case .image: image != nil
        case .python: python.modules.contains { $0.error == nil }
        case .database: facts.database != nil
        case .deployment:
            config != nil || !cluster.isEmpty || !taskDefinitions.isEmpty || !cloudRun.isEmpty
                || stacks.contains { $0.nature != .development }
        case .proxy: !nginxFiles.isEmpty || stacks.contains { $0.services.contains { $0.kind == .proxy } }
        case .workflow: !workflows.isEmpty
        }
    }
}

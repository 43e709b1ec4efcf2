import Toolkit

/// The image that production runs, with what rules ask of it again and again.
struct ProductionImage: Sendable {
    /// Misspelt instructions read as they were meant.
    let file: Dockerfile
    let stage: Dockerfile.Stage
    /// The stage and what it is built from, outermost first.
    let lineage: [Dockerfile.Stage]
    /// Those, and the stages that they copy from.
    let stages: [Dockerfile.Stage]
    let facts: Dockerfile.Image
    let base: KnownImage?
    let packages: InstalledPackages
    /// Words of the check, or its shell text.
    let check: CheckCommand?

    init?(_ context: AuditContext) {
        guard let written = context.dockerfile else { return nil }
        let file = written.corrected(context.project)
        let byLine = file.stages.first { $0.line == context.stageLine }
        guard let stage = byLine ?? ProductionStage.choose(in: file) else { return nil }
        self.file = file
        self.stage = stage
        lineage = file.lineage(of: stage)
        stages = Self.contributing(stage, in: file)
        facts = file.image(of: stage)
        base = ImageReference(facts.base).map(KnownImage.init)
        packages = InstalledPackages(lineage, project: context.project)
        check = facts.healthcheck.flatMap(CheckCommand.init)
    }

    var path: String { file.path }

    /// All instructions of a kind in the lineage.
    func all(_ word: String) -> [Dockerfile.Instruction] { lineage.flatMap(\.instructions).filter { $0.word == word } }

    /// Whether a program can be run in it; nil when that can't be told.
    func has(_ tool: String) -> Bool? {
        let installed = packages.has(tool)
        if installed == true { return true }
        guard let base, let inBase = base.has(tool) else { return nil }
        return inBase ? true : installed
    }

    /// A copy of a folder of the project: the sources of every `COPY` of the build context.
    var copies: [(item: Dockerfile.Instruction, sources: [String], target: String)] { Self.copies(in: stages) }

    static func copies(
        in stages: [Dockerfile.Stage]
    ) -> [(item: Dockerfile.Instruction, sources: [String], target: String)] {
        stages.flatMap(\.instructions).compactMap { item in
            guard item.word == "COPY" || item.word == "ADD", item.heredocs.isEmpty else { return nil }
            guard !item.flags.contains(where: { $0.name == "from" }) else { return nil }
            let words = item.exec ?? ImageWords.raw(item.text).map { ImageWords.plain($0) }
            guard words.count > 1, let target = words.last else { return nil }
            return (item, words.dropLast().filter { !$0.contains("://") }, target)
        }
    }

    /// The stages that the image of one is made from: what it is based on, and what it copies from.
    static func contributing(_ stage: Dockerfile.Stage, in file: Dockerfile) -> [Dockerfile.Stage] {
        var waiting = [stage]
        var lines: Set<Int> = []
        while let next = waiting.popLast() {
            for part in file.lineage(of: next) where lines.insert(part.line).inserted {
                for flag in part.instructions.flatMap(\.flags) {
                    let names =
                        flag.name == "from"
                        ? [flag.value] : flag.name == "mount" ? flag.value.split(separator: ",").map(String.init) : []
                    for name in names {
                        let plain = name.hasPrefix("from=") ? String(name.dropFirst(5)) : name
                        if let index = Int(plain), file.stages.indices.contains(index) {
                            waiting.append(file.stages[index])
                        }
                        waiting += file.stages.filter { $0.name?.lowercased() == plain.lowercased() }
                    }
                }
            }
        }
        return file.stages.filter { lines.contains($0.line) }
    }
}

extension Dockerfile {
    /// The same file with misspelt instructions put right, so that one error does not hide all others.
    func corrected(_ project: Project) -> Dockerfile {
        let wrong = problems.filter { $0.nearest != nil }
        guard !wrong.isEmpty, let text = project.text(path) else { return self }
        var lines = text.textLines.map(String.init)
        for problem in wrong where lines.indices.contains(problem.line - 1) {
            guard let line = Self.corrected(lines[problem.line - 1], problem.nearest ?? "") else { continue }
            lines[problem.line - 1] = line
        }
        return Dockerfile.parse(lines.joined(separator: "\n"), path: path)
    }

    /// A line with its first word, or its first two, replaced by an instruction.
    static func corrected(_ line: String, _ word: String) -> String? {
        let words = line.split(maxSplits: 2, whereSeparator: \.isWhitespace)
        guard let first = words.first else { return nil }
        func letters(_ text: some StringProtocol) -> String { text.uppercased().filter(\.isLetter) }
        let isSplit = words.count > 1 && letters(first) != word && letters(first) + letters(words[1]) == word
        let rest = line[(isSplit ? words[1] : first).endIndex...]
        return word + rest
    }
}

extension AuditContext {
    /// The image that production runs; nil without a Dockerfile for it.
    var image: ProductionImage? {
        memo.value("image") { ProductionImage(self) }
    }

    /// The files that its build sees.
    var build: BuildContext? {
        memo.value("build") { dockerfile.map { BuildContext(self, dockerfile: $0.path) } }
    }
}

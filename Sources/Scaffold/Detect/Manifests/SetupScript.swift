import Model

/// A `setup.py`, as far as its call of `setup()` is made of constants.
struct SetupScript: Sendable {
    let path: String
    private let module: PythonModule
    private let call: PythonCall

    /// Nil when there is no such call, or Python's sources were not read.
    init?(_ path: String, in context: ScanContext) {
        guard let module = context.index.module(at: path) else { return nil }
        let names: Set<String> = ["setuptools.setup", "distutils.core.setup", "setup", "skbuild.setup"]
        guard let call = module.calls.first(where: { names.contains($0.function) }) else { return nil }
        self.path = path
        self.module = module
        self.call = call
    }

    func manifest(in context: ScanContext) -> Manifest {
        var manifest = Manifest(path: path)
        manifest.name = resolved(call["name"])?.text.map { Requirement.normalised($0) }
        manifest.buildBackend = "setuptools.build_meta"
        if let list = texts(call["install_requires"]) {
            manifest.main = list.compactMap { Requirement($0) }.filter(\.appliesToLinux)
        } else if call["install_requires"] != nil {
            for file in requirementFiles {
                let read = RequirementsFile.read(TreePath.joined(TreePath.folder(of: path), file), in: context.project)
                manifest.main += read?.requirements ?? []
            }
        }
        if case .dict(let pairs) = resolved(call["extras_require"]) ?? PythonValue.none {
            for pair in pairs {
                guard let name = pair.key.text, Requirement.isGroupName(name) else { continue }
                manifest.extras[name] = (texts(pair.value) ?? []).compactMap { Requirement($0) }
            }
        }
        if let bound = resolved(call["python_requires"])?.text {
            manifest.python.append(.init(text: bound, syntax: .pep440, place: Place(path, call.line)))
        }
        manifest.hasScripts = call["entry_points"] != nil
        return manifest
    }

    // MARK: - Private

    /// A constant, or the one that a name of the module stands for.
    private func resolved(_ value: PythonValue?) -> PythonValue? {
        guard case .name(let name) = value else { return value }
        return module.assigns.last { $0.target == name && $0.scope.isEmpty }?.value ?? value
    }

    /// The strings of a list, also of lists that are added up; nil when it is made in another way.
    private func texts(_ value: PythonValue?) -> [String]? {
        switch resolved(value) {
        case .list(let items), .tuple(let items): items.compactMap { resolved($0)?.text }
        case .string(let text): text.split(whereSeparator: \.isNewline).map(String.init)
        case .binary(let left, "Add", let right): (texts(left) ?? []) + (texts(right) ?? [])
        default: nil
        }
    }

    /// Names of requirement files that calls in this script mention.
    private var requirementFiles: [String] {
        let texts = module.calls.flatMap { $0.arguments + $0.keywords.map(\.value) }.compactMap(\.text)
        var seen: Set<String> = []
        let names = texts.filter {
            $0.hasSuffix(".txt") && $0.contains("requir") && !$0.contains("test") && !$0.contains("dev")
        }
        return names.filter { seen.insert($0).inserted }
    }
}

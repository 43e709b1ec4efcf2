/// What an image's `ENTRYPOINT` does with the words behind it: start them, or go its own way.
struct PassedOn {
    private let files: ImageFiles
    private let folder: String

    /// - Parameters:
    ///   - files: where the image's files come from in the project.
    ///   - folder: the image's working directory.
    init(_ files: ImageFiles, folder: String) {
        self.files = files
        self.folder = folder
    }

    /// Whether an entrypoint alone starts nothing: a wrapper, an interpreter, or a script that ends in `exec "$@"`.
    func isOnlyPassed(_ entrypoint: [String]) -> Bool {
        let stripped = CommandWrappers.strip(entrypoint + [Self.mark])
        if stripped.text == Self.mark || stripped.words == [Self.mark] { return true }
        guard let first = stripped.words.first else { return false }
        if CommandWrappers.isPython(first) { return stripped.words.count == 2 }
        guard let path = script(first), let text = files.tree.project.text(path) else { return false }
        let lines = ShellScript.lines(of: text, arguments: [Self.mark])
        let passes = lines.last { !$0.words.isEmpty }.map { CommandWrappers.strip($0.words).words.first == Self.mark }
        // A server in a branch of its own is what starts when nothing is said.
        let starts = lines.contains { line in
            ServerCommand.parse(line.words).map { $0.server != .own && !line.words.contains(Self.mark) } ?? false
        }
        return passes == true && (!starts || Self.branches(of: text).isEmpty == false)
    }

    /// The word that makes an entrypoint's script start a server: the label of the branch of `case "$1"` that does.
    func branch(_ entrypoint: [String]) -> String? {
        guard let first = CommandWrappers.strip(entrypoint).words.first, let path = script(first),
            let text = files.tree.project.text(path)
        else { return nil }
        return Self.branches(of: text).first { branch in
            ShellScript.lines(of: branch.text, arguments: []).contains { line in
                ServerCommand.parse(line.words).map { $0.server != .own } ?? false
            }
        }?.label
    }

    /// Whether words start only a shell or an interpreter.
    static func isIdle(_ words: [String]) -> Bool {
        guard let last = CommandWrappers.strip(words).words.last, words.count <= 2 else { return words.isEmpty }
        let name = CommandWrappers.name(last)
        return ["sh", "bash", "ash", "zsh", "ipython"].contains(name)
            || words.count == 1 && CommandWrappers.isPython(last)
    }

    // MARK: - Private

    /// The branches of a `case "$1" in`, which takes no default, by their first labels.
    private static func branches(of script: String) -> [(label: String, text: String)] {
        guard let head = script.firstMatch(of: /case\s+"?\$\{?1\}?"?\s+in/) else { return [] }
        var found: [(label: String, text: String)] = []
        var open: Int?
        for line in script[head.range.upperBound...].textLines.prefix(500) {
            if open == nil, let label = line.prefixMatch(of: /\s*\(?["']?([\w.-]+)["']?(?:\s*\|[^)]*)?\)(.*)/) {
                found.append((String(label.1), String(label.2)))
                open = found.count - 1
            } else if let open {
                found[open].text += "\n" + line
            }
            if line.contains(";;") {
                if let open { found[open].text = found[open].text.replacing(";;", with: "") }
                open = nil
            }
            if line.contains("esac") { break }
        }
        return found
    }

    /// Stands for the words behind the entrypoint; no project has it.
    private static let mark = "roost\u{1}mark"

    /// The script in the project that a word of the image names.
    private func script(_ word: String) -> String? {
        let absolute = ImageFiles.absolute(word, in: folder)
        if let path = files.file(absolute) { return path }
        let named = files.tree.files(named: CommandWrappers.name(word))
        return named.count == 1 ? named.first : nil
    }
}

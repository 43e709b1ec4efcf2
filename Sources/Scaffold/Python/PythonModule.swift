/// What one Python file says, as `facts.py` prints it: names resolved through the file's imports, nothing run.
package struct PythonModule: FactsReadable, Sendable {
    /// Relative to the project: `app/main.py`.
    package var path = ""
    /// Why the file could not be taken apart; all else is empty then.
    package var error: Problem?
    /// The minor version of Python that its syntax asks for, where that is newer than the Python it was read with.
    package var syntax: Int?
    package var imports: [Import] = []
    package var assigns: [Assign] = []
    /// All calls, also those deep inside expressions, in the order of the file.
    package var calls: [PythonCall] = []
    package var functions: [Function] = []
    package var classes: [Class] = []
    /// String constants and f-strings that hold `://`.
    package var strings: [Text] = []
    /// `except` clauses.
    package var handlers: [Handler] = []
    /// `for` and `while`, each scope's in the order of the file.
    package var loops: [Loop] = []
    /// Managers of contexts: one for each item of a `with`.
    package var withs: [With] = []
    /// `if` statements with what hangs on them.
    package var conditions: [Condition] = []
    /// Where an attribute of a request or an upload is read: `request.client`, `file.size`.
    package var reads: [Read] = []
    /// String constants that begin as a known kind of key or header does.
    package var marks: [Text] = []
    /// Reads of variables that can do without a value, or can't.
    package var environment: [EnvironmentRead] = []

    package struct Problem: FactsReadable, Sendable {
        package var line = 0
        package var message = ""
        /// The minor version of the Python whose grammar refused the file; nil when it was not read for another reason.
        package var python: Int?

        init(line: Int, message: String) {
            self.line = line
            self.message = message
        }

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "l": line = try facts.int()
                case "m": message = try facts.string()
                case "v": python = try facts.int()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Import: FactsReadable, Sendable {
        /// The name in this file.
        package var name = ""
        /// What it stands for: `fastapi.FastAPI`; relative imports start from the project's folder.
        package var target = ""
        package var line = 0
        /// Nil for `import x`, 0 for `from x import y`, the number of dots of a relative import.
        package var level: Int?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "n": name = try facts.string()
                case "t": target = try facts.string()
                case "l": line = try facts.int()
                case "r": level = facts.isNull() ? nil : try facts.int()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Assign: FactsReadable, Sendable {
        /// `app`, `self.pool`, `app.state.x`.
        package var target = ""
        package var line = 0
        /// The function or class it stands in, `create_app.lifespan`; empty for the module.
        package var scope = ""
        /// Nil for an annotation alone.
        package var value: PythonValue?
        /// As written: `str | None`.
        package var annotation: String?
        package var inMainGuard: Bool?
        /// The constant in the brackets of `payload["exp"] = …`, whose target is `payload[]`.
        package var index: String?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "t": target = try facts.string()
                case "l": line = try facts.int()
                case "s": scope = try facts.string()
                case "v": value = try facts.optional()
                case "ann": annotation = facts.isNull() ? nil : try facts.string()
                case "m": inMainGuard = facts.isNull() ? nil : try facts.bool()
                case "i": index = facts.isNull() ? nil : try facts.string()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Function: FactsReadable, Sendable {
        /// With the names of what it stands in: `Store.save`, `create_app.lifespan`.
        package var name = ""
        package var line = 0
        package var endLine = 0
        package var isAsync = false
        package var parameters: [Parameter] = []
        /// The annotation of the result, resolved.
        package var returns: String?
        package var results: [Result] = []
        package var decorators: [PythonValue] = []
        package var isGenerator: Bool?
        /// The start of its docstring.
        package var doc = ""
        /// Holds a `while True`.
        package var loops: Bool?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "n": name = try facts.string()
                case "l": line = try facts.int()
                case "e": endLine = try facts.int()
                case "async": isAsync = try facts.bool()
                case "p": parameters = try facts.list()
                case "r": returns = facts.isNull() ? nil : try facts.string()
                case "ret": results = try facts.list()
                case "d": decorators = try facts.list()
                case "y": isGenerator = facts.isNull() ? nil : try facts.bool()
                case "doc": doc = try facts.string()
                case "loop": loops = facts.isNull() ? nil : try facts.bool()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Parameter: FactsReadable, Sendable {
        package var name = ""
        /// The annotation, resolved when it is a plain name.
        package var type: String?
        package var value: PythonValue?
        /// The annotation as a value, when it has brackets or bars: `Annotated[Session, Depends(get_db)]`.
        package var annotation: PythonValue?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "n": name = try facts.string()
                case "t": type = facts.isNull() ? nil : try facts.string()
                case "v": value = try facts.optional()
                case "a": annotation = try facts.optional()
                default: try facts.skip()
                }
            }
        }
    }

    /// A `return`.
    package struct Result: FactsReadable, Sendable {
        package var line = 0
        package var value = PythonValue.none
        /// Inside an `except` clause.
        package var inExcept = false

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "l": line = try facts.int()
                case "v": value = try PythonValue(&facts)
                case "x": inExcept = try facts.bool()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Class: FactsReadable, Sendable {
        package var name = ""
        package var line = 0
        /// Resolved: `pydantic_settings.BaseSettings`.
        package var bases: [String] = []
        package var fields: [Field] = []
        package var decorators: [PythonValue] = []
        /// Fields that validators set before the model looks at them; `*` when their names can't be told.
        package var filled: [String] = []

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "n": name = try facts.string()
                case "l": line = try facts.int()
                case "b": bases = try facts.list()
                case "f": fields = try facts.list()
                case "d": decorators = try facts.list()
                case "g": filled = try facts.list()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Field: FactsReadable, Sendable {
        package var name = ""
        package var line = 0
        /// As written.
        package var type: String?
        package var value: PythonValue?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "n": name = try facts.string()
                case "l": line = try facts.int()
                case "t": type = facts.isNull() ? nil : try facts.string()
                case "v": value = try facts.optional()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Text: FactsReadable, Sendable {
        package var line = 0
        package var value = ""
        package var scope = ""
        /// An f-string: what stands in `{}` is source text.
        package var isFormat: Bool?

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "l": line = try facts.int()
                case "v": value = try facts.string()
                case "s": scope = try facts.string()
                case "f": isFormat = facts.isNull() ? nil : try facts.bool()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Handler: FactsReadable, Sendable {
        package var line = 0
        package var scope = ""
        /// The exceptions it names; empty for a bare `except`.
        package var types: [String] = []
        /// Holds a `raise`.
        package var raises = false
        /// The clause's last line.
        package var endLine = 0
        /// The first line in its `try`.
        package var tryLine = 0

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "l": line = try facts.int()
                case "s": scope = try facts.string()
                case "t": types = try facts.list()
                case "raises": raises = try facts.bool()
                case "e": endLine = try facts.int()
                case "b": tryLine = try facts.int()
                default: try facts.skip()
                }
            }
        }
    }

    package struct Loop: FactsReadable, Sendable {
        package var line = 0
        package var endLine = 0
        package var scope = ""
        /// The names that take the elements, `""` for what is no plain name; none of a `while`.
        package var targets: [String] = []
        /// What is gone through; of a `while` none.
        package var value = PythonValue.none

        init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
            try facts.open()
            while let key = try facts.key() {
                switch key {
                case "l": line = try facts.int()
                case "e": endLine = try facts.int()
                case "s": scope = try facts.string()
                case "t": targets = try facts.list()
                case "v": value = try PythonValue(&facts)
                default: try facts.skip()
                }
            }
        }
    }

    /// A file of which nothing is known, and why.
    init(path: String, error: Problem) {
        self.path = path
        self.error = error
    }

    init(_ facts: inout FactsReader) throws(FactsReader.Malformed) {
        try facts.open()
        while let key = try facts.key() {
            switch key {
            case "path": path = try facts.string()
            case "error": error = try facts.optional()
            case "py": syntax = try facts.int()
            case "imports": imports = try facts.list()
            case "assigns": assigns = try facts.list()
            case "calls": calls = try facts.list()
            case "functions": functions = try facts.list()
            case "classes": classes = try facts.list()
            case "strings": strings = try facts.list()
            case "handlers": handlers = try facts.list()
            case "loops": loops = try facts.list()
            case "withs": withs = try facts.list()
            case "ifs": conditions = try facts.list()
            case "reads": reads = try facts.list()
            case "marks": marks = try facts.list()
            case "envs": environment = try facts.list()
            default: try facts.skip()
            }
        }
    }
}

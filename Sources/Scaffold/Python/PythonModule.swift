/// What one Python file says, as `facts.py` prints it: names resolved through the file's imports, nothing run.
package struct PythonModule: Decodable, Sendable {
    /// Relative to the project: `app/main.py`.
    package var path: String
    /// Why the file could not be taken apart; all else is empty then.
    package var error: Problem?
    package var imports: [Import]
    package var assigns: [Assign]
    /// All calls, also those deep inside expressions, in the order of the file.
    package var calls: [PythonCall]
    package var functions: [Function]
    package var classes: [Class]
    /// String constants and f-strings that hold `://`.
    package var strings: [Text]
    /// `except` clauses.
    package var handlers: [Handler]
    /// `for` and `while`, each scope's in the order of the file.
    package var loops: [Loop]
    /// Managers of contexts: one for each item of a `with`.
    package var withs: [With]
    /// `if` statements with what hangs on them.
    package var conditions: [Condition]
    /// Where an attribute of a request or an upload is read: `request.client`, `file.size`.
    package var reads: [Read]
    /// String constants that begin as a known kind of key or header does.
    package var marks: [Text]

    package struct Problem: Decodable, Sendable {
        package var line: Int
        package var message: String

        private enum CodingKeys: String, CodingKey {
            case line = "l"
            case message = "m"
        }
    }

    package struct Import: Decodable, Sendable {
        /// The name in this file.
        package var name: String
        /// What it stands for: `fastapi.FastAPI`; relative imports start from the project's folder.
        package var target: String
        package var line: Int
        /// Nil for `import x`, 0 for `from x import y`, the number of dots of a relative import.
        package var level: Int?

        private enum CodingKeys: String, CodingKey {
            case name = "n"
            case target = "t"
            case line = "l"
            case level = "r"
        }
    }

    package struct Assign: Decodable, Sendable {
        /// `app`, `self.pool`, `app.state.x`.
        package var target: String
        package var line: Int
        /// The function or class it stands in, `create_app.lifespan`; empty for the module.
        package var scope: String
        /// Nil for an annotation alone.
        package var value: PythonValue?
        /// As written: `str | None`.
        package var annotation: String?
        package var inMainGuard: Bool?
        /// The constant in the brackets of `payload["exp"] = …`, whose target is `payload[]`.
        package var index: String?

        private enum CodingKeys: String, CodingKey {
            case index = "i"
            case target = "t"
            case line = "l"
            case scope = "s"
            case value = "v"
            case annotation = "ann"
            case inMainGuard = "m"
        }
    }

    package struct Function: Decodable, Sendable {
        /// With the names of what it stands in: `Store.save`, `create_app.lifespan`.
        package var name: String
        package var line: Int
        package var endLine: Int
        package var isAsync: Bool
        package var parameters: [Parameter]
        /// The annotation of the result, resolved.
        package var returns: String?
        package var results: [Result]
        package var decorators: [PythonValue]
        package var isGenerator: Bool?
        /// The start of its docstring.
        package var doc: String
        /// Holds a `while True`.
        package var loops: Bool?

        private enum CodingKeys: String, CodingKey {
            case loops = "loop"
            case name = "n"
            case line = "l"
            case endLine = "e"
            case isAsync = "async"
            case parameters = "p"
            case returns = "r"
            case results = "ret"
            case decorators = "d"
            case isGenerator = "y"
            case doc
        }
    }

    package struct Parameter: Decodable, Sendable {
        package var name: String
        /// The annotation, resolved when it is a plain name.
        package var type: String?
        package var value: PythonValue?
        /// The annotation as a value, when it has brackets or bars: `Annotated[Session, Depends(get_db)]`.
        package var annotation: PythonValue?

        private enum CodingKeys: String, CodingKey {
            case name = "n"
            case type = "t"
            case value = "v"
            case annotation = "a"
        }
    }

    /// A `return`.
    package struct Result: Decodable, Sendable {
        package var line: Int
        package var value: PythonValue
        /// Inside an `except` clause.
        package var inExcept: Bool

        private enum CodingKeys: String, CodingKey {
            case line = "l"
            case value = "v"
            case inExcept = "x"
        }
    }

    package struct Class: Decodable, Sendable {
        package var name: String
        package var line: Int
        /// Resolved: `pydantic_settings.BaseSettings`.
        package var bases: [String]
        package var fields: [Field]
        package var decorators: [PythonValue]

        private enum CodingKeys: String, CodingKey {
            case name = "n"
            case line = "l"
            case bases = "b"
            case fields = "f"
            case decorators = "d"
        }
    }

    package struct Field: Decodable, Sendable {
        package var name: String
        package var line: Int
        /// As written.
        package var type: String?
        package var value: PythonValue?

        private enum CodingKeys: String, CodingKey {
            case name = "n"
            case line = "l"
            case type = "t"
            case value = "v"
        }
    }

    package struct Text: Decodable, Sendable {
        package var line: Int
        package var value: String
        package var scope: String
        /// An f-string: what stands in `{}` is source text.
        package var isFormat: Bool?

        private enum CodingKeys: String, CodingKey {
            case line = "l"
            case value = "v"
            case scope = "s"
            case isFormat = "f"
        }
    }

    package struct Handler: Decodable, Sendable {
        package var line: Int
        package var scope: String
        /// The exceptions it names; empty for a bare `except`.
        package var types: [String]
        /// Holds a `raise`.
        package var raises: Bool
        /// The clause's last line.
        package var endLine: Int
        /// The first line in its `try`.
        package var tryLine: Int

        private enum CodingKeys: String, CodingKey {
            case endLine = "e"
            case tryLine = "b"
            case line = "l"
            case scope = "s"
            case types = "t"
            case raises
        }
    }

    package struct Loop: Decodable, Sendable {
        package var line: Int
        package var endLine: Int
        package var scope: String
        /// The names that take the elements, `""` for what is no plain name; none of a `while`.
        package var targets: [String]
        /// What is gone through; of a `while` none.
        package var value: PythonValue

        private enum CodingKeys: String, CodingKey {
            case line = "l"
            case endLine = "e"
            case scope = "s"
            case targets = "t"
            case value = "v"
        }
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        path = try values.decode(String.self, forKey: .path)
        error = try values.decodeIfPresent(Problem.self, forKey: .error)
        imports = try values.decodeIfPresent([Import].self, forKey: .imports) ?? []
        assigns = try values.decodeIfPresent([Assign].self, forKey: .assigns) ?? []
        calls = try values.decodeIfPresent([PythonCall].self, forKey: .calls) ?? []
        functions = try values.decodeIfPresent([Function].self, forKey: .functions) ?? []
        classes = try values.decodeIfPresent([Class].self, forKey: .classes) ?? []
        strings = try values.decodeIfPresent([Text].self, forKey: .strings) ?? []
        handlers = try values.decodeIfPresent([Handler].self, forKey: .handlers) ?? []
        loops = try values.decodeIfPresent([Loop].self, forKey: .loops) ?? []
        withs = try values.decodeIfPresent([With].self, forKey: .withs) ?? []
        conditions = try values.decodeIfPresent([Condition].self, forKey: .ifs) ?? []
        reads = try values.decodeIfPresent([Read].self, forKey: .reads) ?? []
        marks = try values.decodeIfPresent([Text].self, forKey: .marks) ?? []
    }

    private enum CodingKeys: String, CodingKey {
        case path, error, imports, assigns, calls, functions, classes, strings, handlers, loops
        case withs, ifs, reads, marks
    }
}

import Toolkit

extension ApplicationRules {
    static let literals = Rule(
        "A22",
        .error,
        "A secret is written into the code",
        why: "Whoever reads the repository, a copy of it or the image has it, for as long as its history exists.",
        fix: "Take it from the environment, and replace it: it must count as known.",
        reference: "https://cheatsheetseries.owasp.org/cheatsheets/Secrets_Management_Cheat_Sheet.html",
        exceptions:
            "Placeholders, names of fields, tests, examples and documents; defaults of settings are A23, addresses "
            + "of databases B14.",
        bad: [
            "auth.py": """
            from jose import jwt

            SECRET_KEY = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"
            """
        ],
        good: [
            "auth.py": """
            import os

            SECRET_KEY = os.environ["SECRET_KEY"]
            TOKEN_URL = "/auth/token4you"
            API_KEY_HEADER = "X-API-Key-2"
            password_field = "password1"
            note = 'SECRET_KEY = "09d25e094faa6ca2556c818166b7a956"'
            """,
            "tests/test_auth.py": "PASSWORD = \"hunter2hunter2\"\n",
        ],
        at: ["auth.py:3"]
    ) { context in
        let code = context.code
        var found = code.modules.flatMap { module in
            assigned(module, code) + passed(module, code) + marked(module, code) + addresses(module, code)
        }
        found += knownKeys(context)
        var seen: Set<Place> = []
        return found.filter { seen.insert($0.place).inserted }
    }

    static let defaults = Rule(
        "A23",
        .error,
        "A secret has a default that works",
        why:
            "When the variable is forgotten in production nothing fails: the app signs with a key that the repository tells.",
        fix: "Make the field required: `secret_key: SecretStr`; or refuse the default in a validator.",
        reference: "https://docs.pydantic.dev/latest/concepts/pydantic_settings/",
        exceptions: "Validators that look at the field, settings for tests and development, random defaults, and the "
            + "password of a database or mail server: without the right one nothing works, so that is a warning.",
        bad: [
            "config.py": """
            from pydantic_settings import BaseSettings as Base

            class Settings(Base):
                algorithm: str = "HS256"
                secret_key: str = "super-secret-value"
            """
        ],
        good: [
            "config.py": """
            import secrets
            from pydantic import field_validator
            from pydantic_settings import BaseSettings

            class Settings(BaseSettings):
                secret_key: str = secrets.token_urlsafe(32)
                api_key: str
                token_url: str = "/auth/token"
                jwt_secret: str = "changethis-now"

                @field_validator("jwt_secret")
                def refuse(cls, value):
                    if value == "changethis-now":
                        raise ValueError("set JWT_SECRET")
                    return value
            """
        ],
        at: ["config.py:5"]
    ) { context in
        let code = context.code
        let fields = code.modules.flatMap { module in
            module.classes.flatMap { type -> [Finding] in
                let owner = CodeMap.Class(path: module.path, type: type)
                guard code.isSettings(owner), !isForDevelopment(type.name) else { return [] }
                return type.fields.compactMap { field in
                    // pydantic takes no variable for a name that begins with an underscore.
                    guard !field.name.hasPrefix("_"), let value = CodeMap.fallback(of: field),
                        let text = code.literal(value, at: owner.key, line: field.line)
                    else {
                        return nil
                    }
                    guard !refuses(field.name, owner, code) else { return nil }
                    return finding(field.name, text, at: Place(module.path, field.line), code)
                }
            }
        }
        let lookups = code.modules.flatMap { module -> [Finding] in
            guard !isForDevelopment(module.path) else { return [] }
            return module.calls.compactMap { call in
                let isLookup = CodeMap.isLookup(call) || call.function == "decouple.config" || call.method == "config"
                guard isLookup, let name = call.argument(0, "key")?.text else { return nil }
                guard let value = call["default"] ?? (call.arguments.count > 1 ? call.arguments[1] : nil) else {
                    return nil
                }
                let at = CodeMap.Key(path: module.path, name: call.scope)
                guard let text = code.literal(value, at: at, line: call.line) else { return nil }
                return finding(name, text, at: Place(module.path, call.line), code)
            }
        }
        return fields + lookups
    }

    // MARK: - Private

    private static func secret(
        _ value: String,
        _ what: String,
        at place: Place,
        _ severity: Severity,
        _ code: CodeMap
    ) -> Finding {
        Finding(
            "A22",
            severity,
            at: place,
            found: LiteralSecret.masked(value, in: code.found(place)),
            "\(what) is written into the code",
            fix: "os.environ[…], and a new value"
        )
    }

    /// `SECRET_KEY = "…"`, in a module, a class that is no settings class, or a function.
    private static func assigned(_ module: PythonModule, _ code: CodeMap) -> [Finding] {
        guard !isForDevelopment(module.path) else { return [] }
        return module.assigns.compactMap { item in
            guard let value = item.value, item.inMainGuard != true, let text = code.literal(value),
                LiteralSecret.isName(item.index ?? item.target),
                LiteralSecret.isValue(text, name: item.index ?? item.target)
            else { return nil }
            if let type = module.classes.first(where: { $0.name == item.scope }) {
                let owner = CodeMap.Class(path: module.path, type: type)
                let bases = code.bases(owner)
                // Members of an enumeration are names; defaults of settings are another rule's.
                guard !code.isSettings(owner), !bases.contains(where: { $0.contains("Enum") }),
                    !isForDevelopment(type.name)
                else { return nil }
                if bases.contains(where: { $0.hasSuffix("BaseModel") }), !SecretText.isKnownKey(text) { return nil }
            }
            let place = Place(module.path, item.line)
            guard !code.isDevelopmentOnly(module.path, item.line) else { return nil }
            return secret(text, item.index ?? item.target, at: place, .error, code)
        }
    }

    /// `connect(password="…")`, `jwt.encode(claims, "…")`.
    private static func passed(_ module: PythonModule, _ code: CodeMap) -> [Finding] {
        guard !isForDevelopment(module.path) else { return [] }
        return module.calls.flatMap { call -> [Finding] in
            guard !call.inMainGuard else { return [] }
            // `Auth(enabled=False, secret="…")`: nothing asks for it.
            guard call["enabled"]?.bool != false else { return [] }
            let app = AppCall(module: module, call: call)
            let isDocumented = ["Field", "Query", "Body", "Form", "Path", "Header", "Param"].contains(call.method)
            var found = call.keywords.compactMap { keyword -> Finding? in
                guard secretParameters.contains(keyword.name), !isDocumented, let text = keyword.value.text else {
                    return nil
                }
                guard LiteralSecret.isValue(text, name: keyword.name) else { return nil }
                return secret(text, keyword.name, at: code.place(of: keyword.name, in: app), .error, code)
            }
            if ["jwt.encode", "jose.jwt.encode", "jwt.decode", "jose.jwt.decode"].contains(call.function) {
                if let text = call.argument(1, "key")?.text, text.count >= 4, !SecretText.isPlaceholder(text) {
                    found.append(secret(text, "the key of the tokens", at: app.place, .error, code))
                }
            }
            return found
        }
    }

    private static let secretParameters: Set<String> = [
        "password", "passwd", "api_key", "apikey", "secret", "secret_key", "aws_secret_access_key", "auth_token",
        "access_token", "token", "client_secret", "private_key",
    ]

    /// Constants that begin as the keys of known makers do, wherever they stand.
    private static func marked(_ module: PythonModule, _ code: CodeMap) -> [Finding] {
        module.marks.compactMap { mark in
            guard SecretText.isKnownKey(mark.value), !SecretText.isPlaceholder(mark.value) else { return nil }
            guard !mark.value.hasPrefix("-----BEGIN") || mark.value.count > 120 else { return nil }
            return secret(mark.value, "a key of a known form", at: Place(module.path, mark.line), .error, code)
        }
    }

    /// `https://user:password@host`; databases are another rule's.
    private static func addresses(_ module: PythonModule, _ code: CodeMap) -> [Finding] {
        module.strings.compactMap { item in
            guard item.isFormat != true, let password = SecretText.password(inURL: item.value) else { return nil }
            guard !EnvironmentNames.isAddressOfStore(item.value) || item.value.hasPrefix("http"),
                DatabaseURL(item.value) == nil
            else { return nil }
            let words: Set<String> = [
                "password", "pass", "passwd", "pwd", "secret", "user", "username", "pw", "x", "token",
            ]
            guard !words.contains(password.lowercased()), !SecretText.isPlaceholder(password),
                !item.value.contains("example")
            else { return nil }
            return secret(password, "the password of an address", at: Place(module.path, item.line), .error, code)
        }
    }

    /// Keys of known makers in files that are no code.
    private static func knownKeys(_ context: AuditContext) -> [Finding] {
        let kinds: Set<String> = ["env", "yml", "yaml", "toml", "ini", "cfg", "conf", "sh", "properties"]
        let paths = context.project.files.filter { path in
            let name = TreePath.name(of: path).lowercased()
            let ending = name.split(separator: ".").last.map(String.init) ?? ""
            guard kinds.contains(ending) || name.hasPrefix(".env"), TreePath.lies(path, in: context.facts.root) else {
                return false
            }
            guard !["example", "sample", "template", "dist", "test", "lock"].contains(where: name.contains) else {
                return false
            }
            return CodeRole.of(path, root: context.facts.root) == .production
        }
        let starts = [
            "ghp_", "github_pat_", "glpat-", "AKIA", "sk_live_", "xoxb-", "xoxp-", "sk-proj-", "sk-ant-", "AIza",
            "npm_", "dop_v1_",
        ]
        return paths.prefix(2_000).flatMap { path -> [Finding] in
            guard let text = context.project.text(path), starts.contains(where: { TextSearch.contains(text, $0) })
            else { return [] }
            return context.code.text.lines(path).enumerated().compactMap { index, line in
                let words = line.split { !$0.isLetter && !$0.isNumber && $0 != "_" && $0 != "-" }
                guard
                    let key = words.first(where: {
                        SecretText.isKnownKey(String($0)) && !SecretText.isPlaceholder(String($0))
                    })
                else { return nil }
                return secret(String(key), "a key of a known form", at: Place(path, index + 1), .error, context.code)
            }
        }
    }

    private static func finding(_ name: String, _ value: String, at place: Place, _ code: CodeMap) -> Finding? {
        guard LiteralSecret.isName(name) || name.uppercased() == "SECRET", isUsable(value) else { return nil }
        let signs = LiteralSecret.signs(name) || SecretText.isKnownKey(value)
        let upper = name.uppercased()
        // Another's service refuses a key that is a placeholder; only what the app itself signs with works with any text.
        let isForeign =
            upper.contains("API") || upper.contains("TOKEN") || upper.contains("CLIENT") || upper.contains("ACCESS")
        if isForeign, !LiteralSecret.isValue(value, name: name) || value.lowercased().hasPrefix("default") {
            return nil
        }
        let admits = ["ADMIN", "SUPERUSER", "ROOT_PASS"].contains(where: upper.contains)
        // Such a service's own keys are useless where the service is another one.
        let isClient = [
            "PGADMIN", "MINIO", "S3_", "SMTP", "DB", "POSTGRES", "MYSQL", "REDIS", "RABBIT", "MONGO", "MAIL", "AWS",
            "DATABASE",
        ].contains(where: upper.contains)
        return Finding(
            "A23",
            (signs || admits) && !isClient ? .error : .warning,
            at: place,
            found: LiteralSecret.masked(value, in: code.found(place)),
            signs || admits
                ? "without \(name) in the environment the app runs with a value that the repository tells"
                : "\(name) has a default: a forgotten variable shows only when the connection fails",
            fix: "no default, so that the start fails without it"
        )
    }

    /// Any text that is not empty works as a key, also one that asks to be changed.
    private static func isUsable(_ value: String) -> Bool {
        guard value.count >= 3, !value.contains("{"), !value.contains("://"), !value.hasPrefix("/") else {
            return false
        }
        return !["none", "null", "true", "false", "unset", "not-set", "disabled"].contains(value.lowercased())
    }

    /// A validator of the class, or of one it extends, has to do with the field.
    private static func refuses(_ field: String, _ owner: CodeMap.Class, _ code: CodeMap) -> Bool {
        let names = ["validator", "field_validator", "root_validator", "model_validator", "after_validator"]
        return (code.lineage(owner) + code.heirs(of: owner.type.name)).contains { type in
            guard let module = code.module(type.path) else { return false }
            return module.functions.contains { function in
                let isOwn = function.name.hasPrefix(type.type.name + ".")
                let checks = function.decorators.contains {
                    names.contains($0.call?.method ?? $0.name?.split(separator: ".").last.map(String.init) ?? "")
                }
                guard isOwn,
                    checks || function.name.hasSuffix(".model_post_init") || function.name.hasSuffix(".__init__")
                else { return false }
                let first = function.decorators.compactMap(\.call?.line).min() ?? function.line
                let text = code.text.text(type.path, min(first, function.line)...function.endLine)
                return text.contains(field)
            }
        }
    }

    private static func isForDevelopment(_ name: String) -> Bool {
        let words = name.lowercased()
        return ["test", "dev", "local", "mock", "example"].contains { words.contains($0) }
    }
}

extension CodeMap {
    /// A text that is written out: a constant, also in `SecretStr(…)`.
    func literal(_ value: PythonValue, at: Key? = nil, line: Int = 1) -> String? {
        switch value {
        case .string(let text): return text
        case .other(let text):
            // b"…"
            guard text.hasPrefix("b'") || text.hasPrefix("b\""), text.count > 3 else { return nil }
            return String(text.dropFirst(2).dropLast())
        case .call(let call):
            guard call.method == "SecretStr" || call.method == "Secret" || call.function == "str",
                let inner = call.arguments.first
            else { return nil }
            return literal(inner)
        case .name:
            guard let at else { return nil }
            let found = constant(value, at: at, line: line)
            return found?.origin == .literal ? found?.value.text : nil
        default: return nil
        }
    }
}

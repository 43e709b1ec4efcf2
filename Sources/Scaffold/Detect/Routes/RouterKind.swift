/// What a constructor makes, when it makes something that routes are declared on.
struct RouterKind {
    enum Family: Sendable {
        case fastapi, starlette, flask, litestar, ninja
    }

    var family: Family
    /// It can be served itself.
    var isApp: Bool
    /// The keyword that holds the prefix of its routes, and its place among the arguments.
    var prefixName: String?
    var prefixPlace: Int?

    /// The kind that a call makes; nil when it makes no router.
    ///
    /// Classes of the project count as what they are made from.
    static func of(_ call: PythonCall, in path: String, _ resolver: NameResolver) -> RouterKind? {
        if let known = named(call.function) { return known }
        // A class starts with a capital letter; all else need not be looked up.
        guard call.method.first?.isUppercase == true else { return nil }
        let scope = NameResolver.Scope(path, call.scope)
        for case .klass(let klass, let file) in resolver.targets(of: call.function, in: scope) {
            for base in resolver.bases(of: klass, in: file) {
                if let known = named(base.name) { return known }
            }
        }
        return nil
    }

    // MARK: - Private

    /// By the last part of its name, and the library when others use the same name.
    private static func named(_ name: String) -> RouterKind? {
        let parts = name.split(separator: ".")
        guard let last = parts.last else { return nil }
        let library = parts.count > 1 ? parts.first.map(String.init) ?? "" : ""
        switch last {
        case "FastAPI", "AppBuilder": return last == "FastAPI" ? RouterKind(family: .fastapi, isApp: true) : nil
        case "APIRouter", "InferringRouter", "VersionedAPIRouter":
            return RouterKind(family: .fastapi, isApp: false, prefixName: "prefix")
        case "Starlette": return RouterKind(family: .starlette, isApp: true)
        case "Flask", "Quart", "APIFlask": return RouterKind(family: .flask, isApp: true)
        case "OpenAPI" where library == "flask_openapi3": return RouterKind(family: .flask, isApp: true)
        case "Blueprint", "APIBlueprint":
            return library == "sanic" ? nil : RouterKind(family: .flask, isApp: false, prefixName: "url_prefix")
        case "Api" where library.hasPrefix("flask_"):
            return RouterKind(family: .flask, isApp: false, prefixName: "prefix")
        case "Namespace" where library.hasPrefix("flask_"):
            return RouterKind(family: .flask, isApp: false, prefixName: "path")
        case "Litestar": return RouterKind(family: .litestar, isApp: true, prefixName: "path")
        case "NinjaAPI", "NinjaExtraAPI": return RouterKind(family: .ninja, isApp: false)
        case "Router":
            switch library {
            case "starlette": return RouterKind(family: .starlette, isApp: false)
            case "ninja": return RouterKind(family: .ninja, isApp: false)
            case "litestar": return RouterKind(family: .litestar, isApp: false, prefixName: "path", prefixPlace: 0)
            default: return nil
            }
        default: return nil
        }
    }
}

/// Offers to show the schema and the pages made from it only outside production.
///
/// `openapi_url=None` turns all three off; without it `/openapi.json` answers even when both pages are off.
enum DocumentationPatch {
    /// Nil when the code decides about it already, or the app is none of FastAPI's.
    static func make(_ facts: Facts, _ site: AppSite) -> CodePatch? {
        guard site.call.function.hasSuffix("FastAPI") else { return nil }
        // What is unpacked may hold it.
        guard site.call["openapi_url"] == nil, site.call["**"] == nil else { return nil }
        let names = ["ENVIRONMENT", "APP_ENV", "ENV"]
        let name = names.first { name in facts.environment.contains { $0.name == name } } ?? "ENVIRONMENT"
        var edit = PythonEdit(site.source)
        edit.addImports(["import os"], known: site.module)
        edit.addArgument(
            #"openapi_url=None if os.environ.get("\#(name)") == "production" else "/openapi.json""#,
            open: site.open,
            close: site.close
        )
        return CodePatch.make("no schema in production", ["A02"], path: site.path, edit)
    }
}

import Model

extension ApplicationRules {
    static let unparsed = Rule(
        "A31",
        .error,
        "A file is no Python",
        why:
            "An import of it ends in a SyntaxError: the app does not start, and the deploy that brings it fails after its build.",
        fix: "Mend the line; `python -m compileall -q .` finds all of them in CI.",
        reference: "https://docs.python.org/3/library/exceptions.html#SyntaxError",
        exceptions: "Tests, examples and templates; what only an older Python than the project's refuses.",
        bad: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/livez")
            def livez(:
                return {}
            """
        ],
        good: [
            "main.py": """
            from fastapi import FastAPI

            app = FastAPI(openapi_url=None)

            @app.get("/livez")
            def livez():
                return {}
            """,
            "tests/broken.py": "def test(:\n",
        ],
        at: ["main.py:6"]
    ) { context in
        context.syntax.map { problem in
            let what = problem.stopsApp ? "the app imports it and can't start" : "nothing can import it"
            return Finding(
                "A31",
                problem.stopsApp ? .error : .warning,
                at: problem.place,
                found: context.code.found(problem.place),
                "\(problem.message): \(what)",
                fix: "mend it; a deploy would fail at its start"
            )
        }
    }
}

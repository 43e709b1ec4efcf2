/// A path of the app that a handler answers.
package struct AppRoute: Equatable, Sendable {
    /// A name in `Depends(...)` or `Security(...)`.
    package struct Dependency: Hashable, Sendable {
        /// Resolved through the imports of the file it stands in: `app.auth.current_user`.
        package var name: String
        /// The file that names it, which is where following it starts.
        package var file: String
        /// It is told to let everybody in: `PermissionDependency([AllowAll])`.
        package var isOpen = false

        package init(_ name: String, in file: String) {
            self.name = name
            self.file = file
        }
    }

    /// In upper case; empty for any, and for a websocket.
    package var methods: [String]
    /// With the prefixes of all routers and mounts around it, as a client asks for it; `root_path` is no part of it.
    package var path: String
    /// The function's name in its file: `health`, `Items.get`; of a handler that could not be found, as it is named.
    package var handler: String
    /// The file that defines the handler, or else that declares the route.
    package var file: String
    /// Where the route is declared.
    package var place: Place
    /// Of the app, the routers, the route and the handler's parameters, the outermost first.
    package var dependencies: [Dependency] = []
    /// Other decorators of the handler: `flask_login.login_required`.
    package var decorators: [String] = []
    package var isAsync = false
    /// The app that is started includes it; false for a router whose way to the app was not found.
    package var isReached = true
    /// Every prefix around it is known.
    package var isExact = true

    package init(_ methods: [String], _ path: String, handler: String, file: String, place: Place) {
        self.methods = methods
        self.path = path
        self.handler = handler
        self.file = file
        self.place = place
    }

    /// Whether a request without parameters of its own can ask for it.
    package var isPlain: Bool {
        !path.contains("{") && !path.contains("<") && !path.contains("(?") && !path.contains("*")
    }

    /// Whether a GET or HEAD request is answered.
    package var isReadable: Bool { methods.isEmpty || methods.contains("GET") || methods.contains("HEAD") }

    /// A path that another app or a folder answers for.
    package struct Mount: Equatable, Sendable {
        package var path: String
        /// What is mounted: `StaticFiles(directory="static")`.
        package var value: PythonValue
        /// The function or class it stands in; empty for the module.
        package var scope: String
        package var place: Place
        package var isReached = true
    }
}

import Model

/// Finds what the code does that matters for how it is served: websockets, streams, state in memory, files it writes.
package enum TraitDetector {
    /// Sets ``Facts/traits``, ``Facts/writePaths`` and ``Facts/writesAmongCode``; processes and the database should be known already.
    package static func detect(_ context: inout ScanContext) {
        detect(&context, context.routes)
    }

    /// The same with routes that are known already.
    package static func detect(_ context: inout ScanContext, _ table: AppRoutes) {
        let resolver = table.resolver
        let modules = resolver.modules.filter { resolver.code.isReached($0) }
        var traits = Facts.Traits()
        traits.websockets = !table.websockets.isEmpty || modules.contains(where: speaksSockets)
        traits.streaming = modules.contains(where: streams)
        traits.uploads = modules.contains(where: takesFiles)
        traits.templates = context.facts.statics.contains { $0.kind == "templates" } || modules.contains(where: renders)
        let hosts = AllowedHosts.find(modules, context)
        (traits.hosts, traits.hostsSetting) = (hosts?.names, hosts?.setting)
        traits.stateInProcess = MemoryState(context, table).all()
        traits.workerMiB = WorkerMemory.mebibytes(context, modules)
        context.facts.traits = traits
        let paths = WritePaths(context, resolver)
        context.facts.writePaths = paths.all(uploads: traits.uploads)
        let made = paths.madeOnly(context.facts.writePaths)
        context.facts.madeOnly = made.isEmpty ? nil : made
        context.facts.writesAmongCode = context.facts.writePaths.filter { path in
            path != "." && (paths.isAmongCode(path) || paths.isAmongFiles(path))
        }
    }

    // MARK: - Private

    private static func speaksSockets(_ module: PythonModule) -> Bool {
        let servers: Set<String> = [
            "socketio.AsyncServer", "socketio.Server", "flask_socketio.SocketIO", "fastapi_socketio.SocketManager",
            "channels.routing.ProtocolTypeRouter", "channels.routing.URLRouter", "flask_sock.Sock",
            "fastapi_websocket_rpc.WebsocketRPCEndpoint",
        ]
        return module.calls.contains { servers.contains($0.function) }
    }

    private static func streams(_ module: PythonModule) -> Bool {
        let kinds: Set<Substring> = [
            "StreamingResponse", "EventSourceResponse", "StreamingHttpResponse", "stream_with_context",
            "ServerSentEvent", "Stream",
            "StreamingBody", "EventSourceResponse()",
        ]
        return module.calls.contains { call in
            let parts = call.function.split(separator: ".")
            guard parts.count > 1 || !["Stream"].contains(call.function) else { return false }
            if parts.last == "Stream" { return call.function.hasPrefix("litestar.") }
            return parts.contains { kinds.contains($0) && $0 != "Stream" }
        }
            || module.functions.contains {
                $0.returns.map { kinds.contains($0.split(separator: ".").last ?? "") && !$0.hasSuffix("Stream") }
                    ?? false
            }
    }

    private static func takesFiles(_ module: PythonModule) -> Bool {
        let isAnnotated = module.functions.contains { function in
            function.parameters.contains { parameter in
                if parameter.type?.hasSuffix("UploadFile") == true { return true }
                return parameter.annotation?.mentions("UploadFile") ?? false
            }
        }
        if isAnnotated || takesForms(module) { return true }
        let marks = ["flask.request.files", "request.FILES", "request.files"]
        return module.calls.contains { call in
            call.function == "fastapi.File" || marks.contains { call.function.hasPrefix($0) }
        }
            || module.assigns.contains { assign in
                guard let value = assign.value else { return false }
                if case .subscripted(.name(let name), _) = value { return marks.contains { name.hasPrefix($0) } }
                return value.name.map { name in marks.contains { name.hasPrefix($0) } } ?? false
            }
    }

    /// `form = await request.form()`, of which something is written to a file.
    private static func takesForms(_ module: PythonModule) -> Bool {
        let scopes = Set(module.calls.filter { $0.function == "request.form" }.map(\.scope))
        return module.calls.contains { call in
            guard scopes.contains(call.scope) else { return false }
            if call.function == "shutil.copyfileobj" || call.method == "write_bytes" { return true }
            let mode = call.argument(1, "mode")?.text ?? ""
            return ["open", "aiofiles.open"].contains(call.function) && mode.contains("b") && !mode.contains("r")
        }
    }

    private static func renders(_ module: PythonModule) -> Bool {
        let names: Set<String> = ["flask.render_template", "quart.render_template", "django.shortcuts.render"]
        return module.calls.contains { names.contains($0.function) || $0.method == "TemplateResponse" }
    }
}

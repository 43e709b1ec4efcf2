import Toolkit

/// What images start that others have made, when a Dockerfile itself says nothing.
enum ImpliedCommand {
    /// The command of `tiangolo/uvicorn-gunicorn-fastapi` and those made like it.
    ///
    /// > Source: github.com/tiangolo/uvicorn-gunicorn-docker, `start.sh`.
    static func command(of image: DockerImages.Image) -> (CommandReader.Written, Int?)? {
        let base = image.facts.base.lowercased()
        guard base.contains("tiangolo/uvicorn-gunicorn") || base.contains("br3ndonland/inboard") else { return nil }
        let known = image.facts.environment
        let module = known["MODULE_NAME"] ?? usualModule(in: image)
        let target = known["APP_MODULE"] ?? "\(module):\(known["VARIABLE_NAME"] ?? "app")"
        let port = known["PORT"] ?? "80"
        return (.words(["gunicorn", "-k", "uvicorn.workers.UvicornWorker", "--bind", "0.0.0.0:\(port)", target]), nil)
    }

    /// `/app/app/main.py` goes before `/app/main.py`.
    private static func usualModule(in image: DockerImages.Image) -> String {
        if image.files.file("/app/app/main.py") != nil { return "app.main" }
        return image.files.file("/app/main.py") != nil ? "main" : "app.main"
    }
}

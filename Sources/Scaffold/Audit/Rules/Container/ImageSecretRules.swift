import Model
import Toolkit

/// D14: secrets written into the image.
enum ImageSecretRules {
    static let all = [written]

    private static let written = Rule(
        "D14",
        .error,
        "Secret written into the image",
        why:
            "ENV and ARG values, and what a RUN line names, stay in the image's history for everybody who can pull it.",
        fix: "Pass it at run time; for the build use `RUN --mount=type=secret,id=token`.",
        reference: "docs.docker.com/build/building/secrets",
        exceptions: "empty defaults, variables, paths, values that say they are placeholders (a warning), public keys.",
        bad: [
            "Dockerfile":
                "FROM python:3.14-slim\nENV JWT_SECRET=9f4c7d1ab3e05526\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"
        ],
        good: [
            "Dockerfile":
                "FROM python:3.14-slim\nENV JWT_SECRET_FILE=/run/secrets/jwt\nUSER 10001\nHEALTHCHECK NONE\nCMD [\"python\", \"-m\", \"shop\"]\n"
        ],
        at: ["Dockerfile:2"]
    ) { context in
        guard let image = context.image else { return [] }
        let inImage = Set(image.lineage.map(\.line))
        return image.stages.flatMap { stage in
            stage.instructions.flatMap { item in
                check(item, image, isInImage: inImage.contains(stage.line), context)
            }
        }
    }

    // MARK: - Private

    private static func check(
        _ item: Dockerfile.Instruction,
        _ image: ProductionImage,
        isInImage: Bool,
        _ context: AuditContext
    ) -> [Finding] {
        let place = Place(image.path, item.line)
        switch item.word {
        case "ENV", "ARG":
            let pairs =
                item.word == "ENV"
                ? ImageWords.pairs(item.text)
                : Dockerfile.arguments(item.text).compactMap { pair in pair.value.map { (pair.name, $0) } }
            return pairs.compactMap { name, value in
                guard let severity = severity(name, value) else { return nil }
                let worst = isInImage ? severity : min(severity, .warning)
                return Finding(
                    "D14",
                    worst,
                    at: place,
                    found: "\(item.word) \(SecretText.masked(name))",
                    "\(name) has its value in the image's history",
                    fix: "pass it at run time"
                )
            }
        case "RUN":
            let text = ([item.text] + item.heredocs).joined(separator: "\n")
            if let password = SecretText.password(inURL: text), !SecretText.isPlaceholder(password),
                text.contains("https://")
            {
                return [
                    Finding(
                        "D14",
                        .error,
                        at: place,
                        found: "RUN … https://••••@…",
                        "an address with a password stays in the history",
                        fix: "mount it: RUN --mount=type=secret"
                    )
                ]
            }
            return argument(in: text, item, image, place)
        default: return []
        }
    }

    private static func severity(_ name: String, _ value: String) -> Severity? {
        if SecretText.isKnownKey(value) { return .error }
        if let password = SecretText.password(inURL: value) {
            return SecretText.isPlaceholder(password) || SecretText.isWeak(password) ? .warning : .error
        }
        guard SecretText.isName(name), !SecretText.isHarmless(value), !value.contains("://") else { return nil }
        return SecretText.isPlaceholder(value) || SecretText.isWeak(value) ? .warning : .error
    }

    /// `https://${TOKEN}@github.com` with an ARG: the value of a build argument is in the history too.
    private static func argument(
        in text: String,
        _ item: Dockerfile.Instruction,
        _ image: ProductionImage,
        _ place: Place
    ) -> [Finding] {
        let names = image.stages.flatMap(\.instructions).filter { $0.word == "ARG" }.flatMap {
            Dockerfile.arguments($0.text).map(\.name)
        }
        guard
            let name = names.first(where: {
                SecretText.isName($0) && (text.contains("${\($0)}@") || text.contains("$\($0)@"))
            })
        else {
            return []
        }
        return [
            Finding(
                "D14",
                .warning,
                at: place,
                found: "RUN … ${\(name)}@…",
                "the build argument \(name) stays in the image's history",
                fix: "mount it: RUN --mount=type=secret,id=\(name.lowercased())"
            )
        ]
    }
}

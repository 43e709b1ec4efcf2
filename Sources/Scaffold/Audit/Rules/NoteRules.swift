extension Rules {
    /// About the audit's own comments; the engine finds them.
    static let notes: [Rule] = [
        Rule(
            "N01",
            .info,
            "Suppression without a reason",
            why: "Nobody can tell later whether it is still right.",
            fix: "Write after the bracket why the rule does not apply here.",
            reference: "docs/rules",
            bad: [
                "Dockerfile":
                    "FROM python:3.14-slim\n# audit: ignore[D03]\nUSER root\nCMD [\"python\", \"-m\", \"shop\"]\n"
            ],
            good: [
                "Dockerfile":
                    "FROM python:3.14-slim\n# audit: ignore[D03] drops root itself\nUSER root\nCMD [\"python\", \"-m\", \"shop\"]\n"
            ],
            at: ["Dockerfile:2"],
            also: ["D10", "D18"],
            check: { _ in [] }
        ),
        Rule(
            "N02",
            .info,
            "Suppression that suppresses nothing",
            why: "What it was for is gone; left in place it would hide the next mistake.",
            fix: "Delete it.",
            reference: "docs/rules",
            bad: [
                "Dockerfile":
                    "FROM python:3.14-slim\n# audit: ignore[D03] rootless\nUSER 10001\nCMD [\"python\", \"-m\", \"shop\"]\n"
            ],
            good: ["Dockerfile": "FROM python:3.14-slim\nUSER 10001\nCMD [\"python\", \"-m\", \"shop\"]\n"],
            at: ["Dockerfile:2"],
            also: ["D10", "D18"],
            check: { _ in [] }
        ),
    ]
}

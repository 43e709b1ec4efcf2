/// The script that runs on the host: new image, health, and back to the old one when it does not get well.
enum DeployScript {
    /// Where the Compose files lie on the host.
    static func folder(_ plan: ExportPlan) -> String { "/srv/\(plan.name)" }

    static func text(_ plan: ExportPlan) -> String {
        let migrate =
            plan.release == nil
            ? ""
            : """
            # Before any container is replaced: when this fails, nothing has changed.
            compose run --rm -T migrate

            """
        return """
            #!/bin/sh
            # \(Quoting.comment(plan.options.stamp))
            # Deploys APP_IMAGE in \(folder(plan)) and waits for health; goes back to the image before when it fails.
            set -eu
            : "${APP_IMAGE:?set APP_IMAGE}"
            cd \(folder(plan))

            # Not from this script's own input, which is the script.
            compose() { docker compose -f compose.yaml --env-file .env.production "$@" </dev/null; }

            former=$(cat .image 2>/dev/null || true)
            export APP_IMAGE
            compose pull --quiet
            \(migrate)if compose up --detach --wait --wait-timeout 300 --remove-orphans; then
              printf '%s\\n' "$APP_IMAGE" > .image
              echo "deployed $APP_IMAGE"
              exit 0
            fi

            compose logs --tail 100 >&2 || true
            if [ -z "$former" ]; then
              echo "the deploy failed, and there is no image before it" >&2
              exit 1
            fi
            echo "the deploy failed; going back to $former" >&2
            APP_IMAGE=$former
            compose up --detach --wait --wait-timeout 300 --remove-orphans
            exit 1

            """
    }
}

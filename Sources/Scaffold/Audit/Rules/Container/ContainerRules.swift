extension Rules {
    /// Area D: the image.
    static let container =
        DockerfileRules.all + UserRules.all + BaseImageRules.all + CommandRules.all + CheckRules.all + CopyRules.all
        + ImageSecretRules.all + InstallRules.all + LockRules.all + PortRules.all + ImageFileRules.all
}

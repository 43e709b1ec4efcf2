extension Rules {
    /// Area C: what says how it is deployed.
    static let deploy =
        ComposeFileRules.all + ComposeSecretRules.all + ComposeServiceRules.all + NginxRules.all + NginxHeaderRules.all
        + TraefikRules.all + ClusterRules.all + TaskDefinitionRules.all + ImageTagRules.all + CloudRunRules.all
        + HerokuRules.all
        + FlyRules.all + ReleaseRules.all + WorkflowRules.all + WorkflowSafetyRules.all
}

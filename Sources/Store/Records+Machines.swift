package import Model

extension StateStore {
    /// Configurations that Machines had, named `<app>/<id>/<instance>`.
    package var machineVersions: Records<MachineVersion> { Records(self, "/machine-versions/") }
    /// Machines that are gone and can still be read, named `<app>/<id>`.
    package var destroyedMachines: Records<Machine> { Records(self, "/destroyed-machines/") }
    /// Named `<app>/<id>`.
    package var machineLeases: Records<MachineLease> { Records(self, "/machine-leases/") }
    /// Named for a digest of caller and key.
    package var keyedCalls: Records<KeyedCall> { Records(self, "/keyed-calls/") }
    /// What was kept of volumes, named `<volume>/<id>`.
    package var snapshots: Records<VolumeSnapshot> { Records(self, "/snapshots/") }
    /// How far the schedules of Machines were seen to, named `<app>/<id>`.
    package var schedules: Records<ScheduleMark> { Records(self, "/schedules/") }
    /// Named for their IDs.
    package var tokens: Records<APIToken> { Records(self, "/tokens/") }
}

import Glibc
import Model
import Toolkit

/// Which CPUs the Machines of an instance run on.
extension Cgroups {
    /// Whether the kernel can keep a group to some of the CPUs.
    var splitsCPUs: Bool {
        guard mode == .unified else { return KernelFile.exists("\(root)/cpuset/cpuset.cpus") }
        let controllers = KernelFile.read("\(root)/cgroup.controllers") ?? ""
        return controllers.split(whereSeparator: \.isWhitespace).contains("cpuset")
    }

    /// The CPUs that Machines may run on: all, unless somebody has restricted the instance's own group.
    var cpus: [Int] {
        let files =
            mode == .unified
            ? ["\(root)/\(slice)/cpuset.cpus.effective", "\(root)/cpuset.cpus.effective"]
            : ["\(root)/cpuset/\(slice)/cpuset.cpus", "\(root)/cpuset/cpuset.cpus"]
        for file in files {
            if let cpus = CPUList.parse(KernelFile.read(file) ?? ""), !cpus.isEmpty { return cpus }
        }
        return CPUList.parse(KernelFile.read("/sys/devices/system/cpu/online") ?? "") ?? []
    }

    /// Where the kernel has those Machines that have a group; nothing else remembers it.
    func places() -> [Machine.ID: CPUPlan.Place] {
        let parent = mode == .unified ? "\(root)/\(slice)" : "\(root)/cpuset/\(slice)"
        var places: [Machine.ID: CPUPlan.Place] = [:]
        for name in KernelFile.names(in: parent) {
            guard let id = Machine.ID(name) else { continue }
            let file = mode == .unified ? "cpuset.cpus.effective" : "cpuset.cpus"
            let cpus = CPUList.parse(KernelFile.read("\(folder(id, "cpuset"))/\(file)") ?? "") ?? []
            guard !cpus.isEmpty else { continue }
            places[id] = CPUPlan.Place(cpus: cpus, weight: weight(id) / Double(cpus.count))
        }
        return places
    }

    /// Has a Machine that runs go on there.
    func move(_ id: Machine.ID, to cpus: [Int]) throws(Fault) {
        try KernelFile.write(CPUList.text(cpus), to: "\(folder(id, "cpuset"))/cpuset.cpus")
    }

    // MARK: - Private

    /// In the shares of version 1.
    ///
    /// > Source: runc 1.1, `libcontainer/cgroups/utils.go`, `ConvertCPUSharesToCgroupV2Value`, turned round.
    private func weight(_ id: Machine.ID) -> Double {
        let file = mode == .unified ? "cpu.weight" : "cpu.shares"
        let text = KernelFile.read("\(folder(id, "cpu"))/\(file)") ?? ""
        let number = Double(text.prefix { $0.isNumber }) ?? 1
        return mode == .unified ? (number - 1) * 262_142 / 9999 + 2 : number
    }
}

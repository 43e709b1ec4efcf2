import CLinux
import Glibc
import Model
import Toolkit

/// A root file system: unpacked layers, read only, under one folder that takes all writes.
struct Overlay: Sendable {
    /// Bottom first.
    var layers: [String]
    var upper: String
    var work: String

    /// The kernel takes mount options of at most one page.
    static let optionsLimit = 4095

    /// Mounts it.
    ///
    /// With `mapped`, its layers show the owners that they have in that user namespace; `upper` belongs to root there.
    ///
    /// - Throws: ``Fault`` `imageNotFound` when a layer is missing, `hostUnfit` when the file system below can't carry it.
    func mount(at target: String, mapped: MappedMounts? = nil) throws(Fault) {
        guard !layers.isEmpty else { throw Fault(.invalidConfig, "a root file system needs at least one layer") }
        let lower = Self.lower(layers)
        let folders = lower + [upper, work]
        if let missing = folders.first(where: { !KernelFile.exists($0) }) {
            throw Fault(
                .imageNotFound,
                "layer \(missing) is not on this host",
                hint: "make it again: roost deploy FOLDER"
            )
        }
        guard let mapped else { return try mountThroughDescriptors(folders, at: target) }
        let result = Result { () throws(Fault) in
            var shown: [String] = []
            for layer in lower { shown.append(try mapped.add(layer)) }
            try mountThroughDescriptors(shown + [upper, work], at: target)
        }
        // The overlay has mounts of its own by now.
        try mapped.removeAll()
        try result.get()
    }

    /// Detaches everything that is mounted there.
    ///
    /// - Throws: ``Fault`` `io` when something stays mounted.
    static func unmount(_ target: String) throws(Fault) {
        // More than one when a crash came between mount and record.
        for _ in 0..<16 {
            if roost_unmount_lazily(target) == 0 { continue }
            guard errno == EINVAL || errno == ENOENT else { throw Durable.fault(errno, "unmount", target) }
            return
        }
        throw Fault(.io, "\(target) is still mounted after 16 unmounts")
    }

    /// Layers as the kernel wants them: top first, and none twice.
    ///
    /// An image may have the same layer several times (OCI image specification, `config.md`, makes no rule against it),
    /// which the kernel refuses. The topmost one hides the others anyway, with whiteouts too.
    static func lower(_ layers: [String]) -> [String] {
        var seen: Set<String> = []
        return layers.reversed().filter { seen.insert($0).inserted }
    }

    /// The kernel's words for it; `lower` is top first.
    static func options(lower: [String], upper: String, work: String) -> String {
        // `volatile`: a Machine's root is thrown away at each start, so syncing it to disk is work for nobody.
        // The others keep the upper folder plain enough to become a layer itself.
        "lowerdir=\(lower.joined(separator: ":")),upperdir=\(upper),workdir=\(work),"
            + "index=off,metacopy=off,redirect_dir=off,volatile"
    }

    // MARK: - Private

    /// By descriptors: many layers have paths longer than a page together, and a Machine sees in its own
    /// `/proc/self/mountinfo` what is written here.
    private func mountThroughDescriptors(_ folders: [String], at target: String) throws(Fault) {
        var descriptors: [Int32] = []
        defer {
            for descriptor in descriptors { close(descriptor) }
        }
        for folder in folders {
            let descriptor = roost_open_folder(folder)
            guard descriptor >= 0 else { throw Durable.fault(errno, "open", folder) }
            descriptors.append(descriptor)
        }
        let names = descriptors.map { "/proc/self/fd/\($0)" }
        let options = Self.options(
            lower: Array(names.dropLast(2)),
            upper: names[names.count - 2],
            work: names[names.count - 1]
        )
        guard options.utf8.count <= Self.optionsLimit else {
            throw Fault(
                .tooLarge,
                "the image has \(layers.count) layers, more than one mount can take",
                hint: "join RUN and COPY lines of the Dockerfile"
            )
        }
        try mount(at: target, options: options)
    }

    private func mount(at target: String, options: String) throws(Fault) {
        if roost_mount_overlay(target, options) == 0 { return }
        // Before Linux 5.10 there is no such option.
        if errno == EINVAL, roost_mount_overlay(target, options.replacing(",volatile", with: "")) == 0 { return }
        let isLoop = errno == ELOOP
        let fault = Durable.fault(errno, "mount an overlay at", target)
        throw Fault(
            .hostUnfit,
            fault.message,
            hint: isLoop
                ? "one layer lies in another, or is the folder for writes"
                : "roost doctor says whether the state folder's disk can carry overlays"
        )
    }
}

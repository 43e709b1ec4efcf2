import Model
import Testing

@testable import Runtime

@Suite("Words of the OCI runtime")
struct RuntimeWordsTests {
    @Test("a start that was cut off from outside is worth another try, one that can't be is not")
    func cutOff() {
        let line = "time=\"2026\" level=error msg=\"cannot start a container that has stopped\"\n"
        #expect(RuntimeWords.isCutOff(RuntimeWords.fault(line)))
        #expect(RuntimeWords.isCutOff(Fault(.toolFailed, "conmon ended with 0 \(RuntimeWords.noSandbox)")))
        #expect(RuntimeWords.isCutOff(Fault(.toolFailed, "the sandbox of Machine m \(RuntimeWords.endedBefore)")))
        let full = Fault(.toolFailed, "conmon ended with 1 \(RuntimeWords.noSandbox)no space left")
        #expect(!RuntimeWords.isCutOff(full))
        #expect(!RuntimeWords.isCutOff(RuntimeWords.fault("exec: \"x\": executable file not found in $PATH")))
        #expect(!RuntimeWords.isCutOff(RuntimeWords.fault("unable to apply cgroup configuration")))
    }
}

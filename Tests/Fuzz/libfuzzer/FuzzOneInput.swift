internal import FuzzTargets
internal import Glibc

/// The target that `LATCHKEY_FUZZ_TARGET` names.
private let target: FuzzTarget = {
    let name = getenv("LATCHKEY_FUZZ_TARGET").map { String(cString: $0) } ?? ""
    if let target = FuzzTarget(rawValue: name) { return target }
    let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    report("LATCHKEY_FUZZ_TARGET must be one of: \(names)")
    exit(64)
}()

private func report(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
}

/// The entry point that libFuzzer calls with each input. A broken rule ends the process, like a trap in a parser.
@_cdecl("LLVMFuzzerTestOneInput")
package func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do throws(FuzzViolation) {
        try target.run([UInt8](UnsafeBufferPointer(start: start, count: count)))
    } catch {
        report("rule broken: \(error.description)")
        abort()
    }
    return 0
}

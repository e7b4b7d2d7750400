extension Exposition {
    /// Writes the process metrics, with the names that all Prometheus client libraries use.
    mutating func write(_ process: ProcessReading) {
        write(.processCPU, value: String(process.cpuSeconds))
        write(.processResident, value: String(process.residentBytes))
        write(.processVirtual, value: String(process.virtualBytes))
        write(.processOpen, value: String(process.openDescriptors))
        write(.processMax, value: String(process.maxDescriptors))
        write(.processStart, value: String(process.startTimeSeconds))
    }
}

extension Family {
    fileprivate static let processCPU = Family(
        "process_cpu_seconds", .counter, unit: "seconds", help: "User and system CPU time.")
    fileprivate static let processResident = Family(
        "process_resident_memory_bytes", .gauge, unit: "bytes", help: "Resident memory.")
    fileprivate static let processVirtual = Family(
        "process_virtual_memory_bytes", .gauge, unit: "bytes", help: "Virtual memory.")
    fileprivate static let processOpen = Family("process_open_fds", .gauge, help: "Open file descriptors.")
    fileprivate static let processMax = Family("process_max_fds", .gauge, help: "Limit of open file descriptors.")
    fileprivate static let processStart = Family(
        "process_start_time_seconds", .gauge, unit: "seconds",
        help: "Start of the process, in seconds since the Unix epoch.")
}

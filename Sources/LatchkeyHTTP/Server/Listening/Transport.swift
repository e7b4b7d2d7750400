/// What the bytes of an accepted connection are. The listener decides.
enum Transport: Sendable {
    /// Plain HTTP over TCP.
    case plain
    /// TLS over TCP.
    case tls
    /// Plain HTTP over a Unix socket, whose peer the kernel knows.
    case unix
}

internal import Glibc

/// An open file, closed when nobody holds it any more.
final class OwnedDescriptor: Sendable {
    let number: Int32

    /// Takes over an open descriptor.
    init(_ number: Int32) { self.number = number }

    deinit { close(number) }
}

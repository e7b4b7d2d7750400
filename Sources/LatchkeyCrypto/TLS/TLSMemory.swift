internal import COpenSSL
internal import CSlots

/// Where libcrypto keeps the memory of TLS connections: in slots that go back to the kernel when connections close
/// (<doc:0014-Memory>).
package enum TLSMemory {
    /// Must be called once, before libcrypto is used, while the process has one thread.
    ///
    /// - Returns: false if libcrypto goes on with malloc(3): in a build with a sanitizer, without address space, or after
    ///   it was used.
    @discardableResult package static func install() -> Bool {
        latchkey_slots_prepare() == 1
            && CRYPTO_set_mem_functions(
                latchkey_slots_allocate, latchkey_slots_reallocate, latchkey_slots_free) == 1
    }
}

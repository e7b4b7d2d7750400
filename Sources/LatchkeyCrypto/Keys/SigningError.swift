/// libcrypto failed to make a key or signature: no memory, no entropy, or a policy that forbids the key's size.
package struct SigningError: Error, Hashable, Sendable {}

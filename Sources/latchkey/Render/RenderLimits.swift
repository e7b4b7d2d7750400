/// The limits of `latchkey render`. Limits.md has them with what happens beyond each.
package struct RenderLimits: Hashable, Sendable {
    /// Bytes of a template.
    package var templateBytes = 256 * 1024
    /// Placeholders of a template.
    package var placeholders = 500
    /// Different secrets and tokens of a template. With `--watch` each secret takes one of the 1,000 waits of a broker.
    package var sources = 50
    /// Bytes of the name of a secret, of a field and of a profile.
    package var nameBytes = 1024
    /// Bytes of the rendered file.
    package var renderedBytes = 4 * 1024 * 1024
    /// The time that the command of `--exec` may take. After it the command is killed.
    package var commandTimeout: Duration = .seconds(60)

    package init() {}

    /// The number of requests that one process may have under way: a wait and a read for each source.
    var connections: Int { sources * 2 }
}

internal import ArgumentParser
internal import Glibc
internal import LatchkeyCore
internal import LatchkeyService
internal import LatchkeyUpstream

/// `latchkey render`.
struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render", abstract: "Write secrets and tokens into a file, from a template.",
        discussion: """
            A template has {{ secret "KEY" }}, {{ secret "KEY" "FIELD" }}, {{ token }} and {{ token "PROFILE" }}, each \
            with | json or | base64 before }}. The broker at LATCHKEY_URL is asked. The file has mode 0600 and is \
            replaced in one step. If anything fails, it is left as it is. --exec takes a program with arguments and no \
            shell: spaces separate words, and quotes and backslashes keep them. It runs when the file was written, and \
            with --watch once at the start.
            """)

    @Option(help: "The template.") var template: String
    @Option(help: "The file to write.") var out: String
    @Flag(help: "Go on, and write the file again when a value changes. SIGHUP reads the template again.")
    var watch = false
    @Option(help: "A command to run after the file was written.") var exec: String?
    @Option(help: "A signal to send after the file was written, such as HUP.") var signal: String?
    @Option(help: "The file with the id of the process that gets the signal.") var pidFile: String?

    func validate() throws { _ = try notice() }

    func run() async throws {
        _ = Replacement.prepare()
        if watch { Signals.survive() }
        try await finishing {
            let limits = RenderLimits()
            let job = RenderJob(
                templatePath: template,
                file: RenderedFile(path: OwnFile.absolute(out), limit: limits.renderedBytes), notice: try notice(),
                limits: limits)
            try requireTwoFiles()
            let source = try job.template()
            let connection = try job.connect()
            try job.file.prepare()
            if watch {
                try await keep(job, source, connection)
            } else {
                try await once(job, source, connection)
            }
        }
    }

    private func once(_ job: RenderJob, _ template: Template, _ connection: BrokerConnection) async throws {
        var content = try await job.content(template, from: connection)
        defer { Wiping.removeAll(&content, keepingCapacity: false) }
        if try job.file.write(content) { try await job.notice.send(timeout: job.limits.commandTimeout) }
    }

    /// Returns when the process is asked to stop.
    private func keep(_ job: RenderJob, _ template: Template, _ connection: BrokerConnection) async throws {
        let log = CommandEnvironment.quietLogger(sink: LogSink())
        let signals = try Signals()
        let watch = RenderWatch(job, connection)
        let loop = Task { await watch.run(template) }
        await signals.untilAskedToStop(log: log) { watch.wakes.reload() }
        await watch.gate.stop()
        watch.wakes.stop()
        loop.cancel()
    }

    /// The template must not be overwritten.
    private func requireTwoFiles() throws {
        var (first, second) = (stat(), stat())
        guard stat(template, &first) == 0, stat(out, &second) == 0, first.st_dev == second.st_dev,
            first.st_ino == second.st_ino
        else { return }
        throw CommandFailure(.usage, "--template and --out are the same file")
    }

    private func notice() throws -> RenderNotice {
        switch (exec, signal, pidFile) {
        case (nil, nil, nil): return .none
        case (let command?, nil, nil):
            guard let words = try? ShellWords.split(command), words.first.map({ !$0.isEmpty }) ?? false else {
                throw ValidationError("--exec must be a program and its arguments, with every quote closed")
            }
            return .command(words)
        case (nil, let name?, let path?):
            guard let number = RenderNotice.signal(named: name) else {
                let names = RenderNotice.signals.keys.sorted().joined(separator: ", ")
                throw ValidationError("--signal must be one of \(names)")
            }
            return .signal(number, pidFile: path)
        case (nil, _, _): throw ValidationError("--signal and --pid-file belong together")
        default: throw ValidationError("--exec and --signal exclude each other")
        }
    }
}

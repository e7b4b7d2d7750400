internal import Glibc
internal import LatchkeyCore
internal import LatchkeyTop

/// Shows the brokers on the full screen until the user leaves.
struct LiveTop {
    private let probes: [BrokerProbe]
    private let interval: Duration
    private var model: TopModel
    private var screen: TopScreen
    private var keys = TopKeyReader()
    /// While the process is suspended the terminal belongs to the shell.
    private var isSuspended = false
    /// The signal that ends the process.
    private var ending: Int32?

    init(_ probes: [BrokerProbe], _ model: TopModel, isColoured: Bool) {
        (self.probes, self.model) = (probes, model)
        interval = .seconds(model.interval)
        screen = TopScreen(isColoured: isColoured)
    }

    /// Returns when the user leaves. A signal that ends the process does so after the terminal is restored.
    mutating func run() async throws {
        let events = try TopEvents()
        try FullScreen.enter()
        defer { FullScreen.leave() }
        let readers = probes.indices.map { index in
            let (probe, interval, sink) = (probes[index], interval, events.sink)
            return Task { await Self.read(probe, index, every: interval, sink) }
        }
        defer { for reader in readers { reader.cancel() } }
        draw()
        for await event in events.stream {
            handle(event)
            if model.isOver || ending != nil { break }
            draw()
        }
        guard let ending else { return }
        FullScreen.leave()
        // Dispatch's threads block signals, and the process must not go on to exit with another status.
        var one = sigset_t()
        sigemptyset(&one)
        sigaddset(&one, ending)
        pthread_sigmask(SIG_UNBLOCK, &one, nil)
        signal(ending, SIG_DFL)
        raise(ending)
    }

    private mutating func handle(_ event: TopEvent) {
        switch event {
        case .input(let bytes):
            for key in keys.keys(bytes) {
                model.press(key)
                if key == .suspend { suspend() }
            }
        case .hangUp: ending = SIGHUP
        case .signal(SIGWINCH): break
        case .signal(SIGCONT):
            isSuspended = false
            // It may have been stopped by another program, which left the terminal as it was.
            FullScreen.leave()
            screen.forget()
            do { try FullScreen.enter() } catch { ending = SIGHUP }
        case .signal(let number): ending = number
        case .read(let index, let result):
            guard !model.isPaused else { return }
            switch result {
            case .success(let reading): model.brokers[index].read(reading)
            case .failure(let failure): model.brokers[index].failed(failure.reason)
            }
        }
    }

    private mutating func suspend() {
        FullScreen.leave()
        isSuspended = true
        // The shell's other processes of the pipeline stop too. SIGCONT is an event.
        kill(0, SIGTSTP)
    }

    private mutating func draw() {
        guard !isSuspended, let size = FullScreen.size else { return }
        model.now = Timing.system.now().wall
        let bytes = screen.update(TopLayout.lines(model, size), size)
        if !bytes.isEmpty, !Terminal.write(bytes) { ending = SIGHUP }
    }

    /// Reads one broker again and again. Readings do not overlap.
    private static func read(
        _ probe: BrokerProbe, _ index: Int, every interval: Duration, _ sink: AsyncStream<TopEvent>.Continuation
    ) async {
        while !Task.isCancelled {
            let begun = MonotonicTime.current
            let result: Result<BrokerReading, BrokerProbe.Failure>
            do throws(BrokerProbe.Failure) {
                result = .success(try await probe.read())
            } catch {
                result = .failure(error)
            }
            sink.yield(.read(broker: index, result))
            await Timing.system.sleep(begun + interval)
        }
    }
}

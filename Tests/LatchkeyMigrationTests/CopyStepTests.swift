import LatchkeyMigration
import Testing

@Suite struct CopyStepTests {
    @Test func `A new parameter is announced in the journal, created and read back`() {
        var model = CopyModel()
        #expect(model.run(moving: "v") == .copied(version: 1))
        #expect(model.journal == [.begun, .written, .verified])
        #expect(model.stored == CopyModel.Stored(value: "v"))
    }

    @Test func `An equal value is not written again`() {
        var model = CopyModel(CopyModel.Stored(value: "v", version: 7))
        #expect(model.run(moving: "v", mayOverwrite: true) == .equal(version: 7))
        #expect(model.journal == [.verified])
        #expect(model.stored?.version == 7)
    }

    @Test func `Another value is overwritten only if that is allowed`() {
        var model = CopyModel(CopyModel.Stored(value: "w", version: 7))
        #expect(model.run(moving: "v") == .keptBack(version: 7))
        #expect(model.stored?.value == "w")
        #expect(model.run(moving: "v", mayOverwrite: true, hasTags: true) == .copied(version: 8))
        #expect(model.stored == CopyModel.Stored(value: "v", version: 8, hasTags: true))
    }

    @Test func `A parameter of another type is never overwritten`() {
        var model = CopyModel(CopyModel.Stored(value: "v", kind: .string))
        #expect(
            model.run(moving: "v", mayOverwrite: true) == .failed(StoreFailure(.refused, code: "other_type")))
    }

    @Test(arguments: [false, true]) func `A copy that is killed at any step and resumed writes the value once`(
        hasTags: Bool
    ) {
        for step in 1...12 {
            for kill in [CopyModel.Kill.before(step), .after(step)] {
                for start in [nil, CopyModel.Stored(value: "w", version: 3)] {
                    var model = CopyModel(start)
                    var outcome = model.run(moving: "v", mayOverwrite: true, hasTags: hasTags, kill: kill)
                    if outcome == nil {
                        outcome = model.run(moving: "v", mayOverwrite: true, hasTags: hasTags)
                    }
                    let wanted = (start?.version ?? 0) + 1
                    #expect(model.stored == CopyModel.Stored(value: "v", version: wanted, hasTags: hasTags), "\(kill)")
                    #expect(model.journal.last == .verified)
                    switch outcome {
                    case .copied(wanted), .equal(wanted): break
                    default: Issue.record("\(kill): \(String(describing: outcome))")
                    }
                }
            }
        }
    }

    @Test func `A copy that is killed repeatedly still writes the value once`() {
        for first in 1...10 {
            for second in 1...10 {
                var model = CopyModel()
                _ = model.run(moving: "v", kill: .after(first))
                _ = model.run(moving: "v", kill: .before(second))
                _ = model.run(moving: "v")
                #expect(model.stored == CopyModel.Stored(value: "v"))
            }
        }
    }

    @Test func `A write whose answer was lost is looked for, not repeated`() {
        for start in [nil, CopyModel.Stored(value: "w")] {
            var model = CopyModel(start)
            model.faults = [.lostAnswer]
            // The first read ignores this fault; the write consumes it.
            #expect(model.run(moving: "v", mayOverwrite: true) == .copied(version: (start?.version ?? 0) + 1))
        }
    }

    @Test func `A new parameter that becomes visible late is not created twice`() {
        var model = CopyModel()
        model.faults = [.lostAnswer, .lag, .lag]
        #expect(model.run(moving: "v") == .copied(version: 1))
        #expect(model.stored?.version == 1)
    }

    @Test func `A value that becomes visible late is not overwritten twice`() {
        let start = CopyModel.Stored(value: "w", version: 4)
        var model = CopyModel(start)
        model.faults = [.lostAnswer] + Array(repeating: .lag, count: CopyStep.maxReads)
        #expect(model.run(moving: "v", mayOverwrite: true) == .copied(version: 5))
        #expect(model.stored?.version == 5)
        // A process that resumes the copy does not write it again either.
        var killed = CopyModel(start)
        #expect(killed.run(moving: "v", mayOverwrite: true, kill: .after(3)) == nil && killed.stored?.version == 5)
        killed.faults = Array(repeating: .lag, count: CopyStep.maxReads)
        #expect(killed.run(moving: "v", mayOverwrite: true) == .copied(version: 5))
        #expect(killed.stored?.version == 5)
    }

    @Test func `An overwrite that never took effect is made in the end`() {
        var model = CopyModel(CopyModel.Stored(value: "w", version: 4))
        model.faults = [
            .failure(StoreFailure(.throttled, code: "x")), .failure(StoreFailure(.unsure, code: "timed_out")),
        ]
        #expect(model.run(moving: "v", mayOverwrite: true) == .copied(version: 5))
    }

    @Test func `Throttled calls are retried a limited number of times`() {
        var model = CopyModel()
        let throttled = CopyModel.Fault.failure(StoreFailure(.throttled, code: "ThrottlingException"))
        model.faults = Array(repeating: throttled, count: CopyStep.maxTries - 1)
        #expect(model.run(moving: "v") == .copied(version: 1))
        var other = CopyModel()
        other.faults = Array(repeating: throttled, count: 100)
        #expect(other.run(moving: "v") == .failed(StoreFailure(.throttled, code: "ThrottlingException")))
        #expect(other.actions < 50)
    }

    @Test func `A refusal ends the copy at once and is recorded in the journal`() {
        for kind in [StoreFailure.Kind.denied, .refused] {
            var model = CopyModel()
            model.faults = [.failure(StoreFailure(kind, code: "X"))]
            #expect(model.run(moving: "v") == .failed(StoreFailure(kind, code: "X")))
            #expect(model.journal == [.failed])
            #expect(model.run(moving: "v") == .copied(version: 1))
        }
    }

    @Test func `A write that never becomes visible is a failure`() {
        var model = CopyModel()
        model.faults = []
        var step = CopyStep(CopyStep.Task(kind: .secureString, mayOverwrite: false, hasTags: false, isResumed: false))
        var action = step.start()
        var reads = 0
        for _ in 0..<100 {
            switch action {
            case .finish(let outcome):
                #expect(outcome == .failed(StoreFailure(.unsure, code: "not_seen")))
                #expect(reads <= CopyStep.maxReads + 2)
                return
            case .read:
                reads += 1
                action = step.after(.absent)
            case .create: action = step.after(.wrote(version: 1))
            case .pause: action = step.after(.paused)
            default: action = step.after(.noted)
            }
        }
        Issue.record("never ends")
    }

    @Test func `A parameter that somebody else wrote after the copy is a failure`() {
        var step = CopyStep(CopyStep.Task(kind: .secureString, mayOverwrite: true, hasTags: false, isResumed: false))
        _ = step.start()
        _ = step.after(.absent)
        _ = step.after(.noted)
        _ = step.after(.wrote(version: 1))
        _ = step.after(.noted)
        _ = step.after(.found(isEqual: false, kind: .secureString, version: 2))
        #expect(step.after(.noted) == .finish(.failed(StoreFailure(.refused, code: "changed_meanwhile"))))
    }
}

import LatchkeyMigration
import Testing

@Suite struct CopyStepTests {
    @Test func `A new parameter is begun, created, read back and done`() {
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

    @Test func `Another value is written over only when that is asked for`() {
        var model = CopyModel(CopyModel.Stored(value: "w", version: 7))
        #expect(model.run(moving: "v") == .keptBack(version: 7))
        #expect(model.stored?.value == "w")
        #expect(model.run(moving: "v", mayOverwrite: true, hasTags: true) == .copied(version: 8))
        #expect(model.stored == CopyModel.Stored(value: "v", version: 8, hasTags: true))
    }

    @Test func `Another type is never written over`() {
        var model = CopyModel(CopyModel.Stored(value: "v", kind: .string))
        #expect(
            model.run(moving: "v", mayOverwrite: true) == .failed(StoreFailure(.refused, code: "other_type")))
    }

    @Test(arguments: [false, true]) func `Killed at any step and resumed, a value arrives once`(hasTags: Bool) {
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

    @Test func `Killed over and over, a value still arrives once`() {
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

    @Test func `A write whose answer was lost is looked for and not repeated`() {
        for start in [nil, CopyModel.Stored(value: "w")] {
            var model = CopyModel(start)
            model.faults = [.lostAnswer]
            // The fault befalls the first call there is: a look ignores it, the write takes it.
            #expect(model.run(moving: "v", mayOverwrite: true) == .copied(version: (start?.version ?? 0) + 1))
        }
    }

    @Test func `A new parameter that is shown late is not created twice`() {
        var model = CopyModel()
        model.faults = [.lostAnswer, .lag, .lag]
        #expect(model.run(moving: "v") == .copied(version: 1))
        #expect(model.stored?.version == 1)
    }

    @Test func `A value that is shown late is not written over twice`() {
        let start = CopyModel.Stored(value: "w", version: 4)
        var model = CopyModel(start)
        model.faults = [.lostAnswer] + Array(repeating: .lag, count: CopyStep.mostLooks)
        #expect(model.run(moving: "v", mayOverwrite: true) == .copied(version: 5))
        #expect(model.stored?.version == 5)
        // Nor by the process that goes on with it.
        var killed = CopyModel(start)
        #expect(killed.run(moving: "v", mayOverwrite: true, kill: .after(3)) == nil && killed.stored?.version == 5)
        killed.faults = Array(repeating: .lag, count: CopyStep.mostLooks)
        #expect(killed.run(moving: "v", mayOverwrite: true) == .copied(version: 5))
        #expect(killed.stored?.version == 5)
    }

    @Test func `A write over another value that never arrived is made in the end`() {
        var model = CopyModel(CopyModel.Stored(value: "w", version: 4))
        model.faults = [
            .trouble(StoreFailure(.throttled, code: "x")), .trouble(StoreFailure(.unsure, code: "timed_out")),
        ]
        #expect(model.run(moving: "v", mayOverwrite: true) == .copied(version: 5))
    }

    @Test func `Throttling is waited out within a bound`() {
        var model = CopyModel()
        let throttled = CopyModel.Fault.trouble(StoreFailure(.throttled, code: "ThrottlingException"))
        model.faults = Array(repeating: throttled, count: CopyStep.mostTries - 1)
        #expect(model.run(moving: "v") == .copied(version: 1))
        var other = CopyModel()
        other.faults = Array(repeating: throttled, count: 100)
        #expect(other.run(moving: "v") == .failed(StoreFailure(.throttled, code: "ThrottlingException")))
        #expect(other.actions < 50)
    }

    @Test func `A refusal ends it at once and is written down`() {
        for kind in [StoreFailure.Kind.denied, .refused] {
            var model = CopyModel()
            model.faults = [.trouble(StoreFailure(kind, code: "X"))]
            #expect(model.run(moving: "v") == .failed(StoreFailure(kind, code: "X")))
            #expect(model.journal == [.failed])
            #expect(model.run(moving: "v") == .copied(version: 1))
        }
    }

    @Test func `What is never seen is not believed`() {
        var model = CopyModel()
        model.faults = []
        var step = CopyStep(CopyStep.Task(kind: .secureString, mayOverwrite: false, hasTags: false, isResumed: false))
        var action = step.start()
        var looks = 0
        for _ in 0..<100 {
            switch action {
            case .finish(let outcome):
                #expect(outcome == .failed(StoreFailure(.unsure, code: "not_seen")))
                #expect(looks <= CopyStep.mostLooks + 2)
                return
            case .look:
                looks += 1
                action = step.after(.absent)
            case .create: action = step.after(.wrote(version: 1))
            case .pause: action = step.after(.paused)
            default: action = step.after(.noted)
            }
        }
        Issue.record("never ends")
    }

    @Test func `A parameter that somebody else wrote after the copy is not called done`() {
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

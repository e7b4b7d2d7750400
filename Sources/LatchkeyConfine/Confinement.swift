internal import CConfine
internal import Glibc

/// Confines the process with Landlock and seccomp.
package enum Confinement {
    /// What the kernel offers.
    package struct Support: Equatable, Sendable {
        /// The version of Landlock's ABI; 0 without Landlock.
        package let landlock: Int
        package let hasSeccomp: Bool

        package init(landlock: Int, hasSeccomp: Bool) {
            self.landlock = landlock
            self.hasSeccomp = hasSeccomp
        }
    }

    package static var support: Support {
        Support(landlock: Int(latchkey_landlock_abi()), hasSeccomp: latchkey_seccomp_available() == 1)
    }

    /// Puts a plan in force, for the rest of the process's life. Call it while the process has one thread: Landlock
    /// confines the calling thread and those that it starts later.
    ///
    /// A part that the kernel does not offer is left out. What no place of the plan allows is denied. A place that does
    /// not exist is skipped, and does not become accessible when it is created.
    package static func apply(_ plan: ConfinementPlan) -> ConfinementState {
        guard latchkey_no_new_privileges() == 0 else {
            return ConfinementState(
                landlock: .failed(errno: errno), seccomp: .failed(errno: errno), scope: .everything)
        }
        let (landlock, readable) = restrictFiles(plan)
        let seccomp = filterCalls(plan)
        return ConfinementState(
            landlock: landlock, seccomp: seccomp,
            scope: FileScope(
                readable: readable,
                allowsExecution: plan.allowsExecution || !landlock.isInForce && !seccomp.isInForce))
    }

    private static func filterCalls(_ plan: ConfinementPlan) -> ConfinementState.Part {
        guard latchkey_seccomp_available() == 1 else { return .unavailable }
        guard latchkey_seccomp_install(plan.allowsExecution ? 1 : 0) == 0 else { return .failed(errno: errno) }
        return .inForce(plan.allowsExecution ? "dangerous calls refused" : "only known calls allowed")
    }

    private static func restrictFiles(_ plan: ConfinementPlan) -> (ConfinementState.Part, readable: [String]?) {
        let abi = Int(latchkey_landlock_abi())
        guard abi > 0 else { return (.unavailable, nil) }
        let rules = latchkey_landlock_create(
            LandlockRights.all(abi: abi).rawValue,
            LandlockRights.scope(abi: abi, abstractSockets: plan.allowsAbstractSockets))
        guard rules >= 0 else { return (.failed(errno: errno), nil) }
        defer { close(rules) }
        var readable: [String] = []
        for (path, access) in plan.places.sorted(by: { $0.key < $1.key }) {
            let place = latchkey_open_place(path)
            guard place >= 0 else { continue }
            defer { close(place) }
            var status = stat()
            guard fstat(place, &status) == 0 else { continue }
            let rights = access.rights(isFolder: status.st_mode & S_IFMT == S_IFDIR, abi: abi)
            guard latchkey_landlock_allow(rules, place, rights) == 0 else { return (.failed(errno: errno), nil) }
            if access.contains(.read) { readable.append(FileScope.realPath(path) ?? path) }
        }
        guard latchkey_landlock_restrict(rules) == 0 else { return (.failed(errno: errno), nil) }
        return (.inForce("ABI \(abi)"), readable)
    }
}

import Domain

/// How much was done since memory was last given back.
struct Work {
    var passes = 0
    /// In ``Clock/uptime()``.
    var since: Duration
    /// Set while the engine waits for a lull to last.
    var lull: (any TimerHandle)?
}

/// What passes needed for a moment is given back when they are over: free memory that is scattered among what is kept
/// stays with the process otherwise, and in a long life there is ever more of it.
extension Engine {
    /// A lull lasts so long before memory is given back: a pass seldom comes alone.
    static let lull: Duration = .milliseconds(300)
    /// Fewer passes leave so little that they are not worth it by themselves …
    static let passesWorthIt = 8
    /// … but for one in so long a time.
    static let worthItEvery: Duration = .minutes(10)
    /// Where there is no lull, it is done in between after so many passes.
    static let passesWithoutLull = 500

    /// To be called after each pass, and when the next ones have begun.
    func passHasEnded() {
        work.passes += 1
        considerGivingBack()
    }

    /// Settings that were replaced are more than any pass leaves.
    func settingsWereReplaced() {
        work.passes += Self.passesWorthIt
        considerGivingBack()
    }

    /// No timer is ever set but after work: a daemon with nothing to do does not wake for this.
    private func considerGivingBack() {
        guard ports.giveMemoryBack != nil, !isStopping else { return }
        if work.passes >= Self.passesWithoutLull { return giveBack() }
        guard passes.isEmpty, work.lull == nil, isGivingBackWorthIt else { return }
        work.lull = ports.timers.once(after: Self.lull, leeway: Self.leeway) { [weak self] in
            Task { [weak self] in await self?.lullIsOver() }
        }
    }

    private var isGivingBackWorthIt: Bool {
        work.passes >= Self.passesWorthIt || ports.clock.uptime() - work.since >= Self.worthItEvery
    }

    private func lullIsOver() {
        work.lull = nil
        // The next lull comes when the passes that have begun meanwhile are over.
        guard passes.isEmpty, !isStopping, work.passes > 0 else { return }
        giveBack()
    }

    private func giveBack() {
        work.lull?.cancel()
        work = Work(since: ports.clock.uptime())
        ports.giveMemoryBack?()
    }
}

extension ControlInterface {
    static let readingMethods = """
        # How everything stands.
        method Status() -> (
          source: (daemon, database),
          at: string,
          daemon: ?Daemon,
          zones: ZoneCounts,
          subjects: SubjectCounts,
          # The worst first, at most 100
          troubles: []Episode,
          troubleCount: int,
          suspensions: []Suspension,
          openOrders: int,
          headline: string
        )

        # The subjects that pass. With 'more' they come in pages, zone by zone; without it at most 1,000 come.
        method List(
          zone: ?string,
          kind: ?string,
          expiringWithinSeconds: ?int,
          moving: ?bool,
          wrong: ?bool,
          all: ?bool
        ) -> (source: (daemon, database), at: string, rows: []Row, truncated: bool)

        # One subject with all that there is at Cloudflare for it. Any form of its name that is unique will do.
        method Show(subject: string) -> (
          source: (daemon, database),
          at: string,
          row: Row,
          objects: []Object,
          troubles: []Episode,
          suspension: ?Suspension,
          # What a person approved of it, and was not used yet
          approvals: []Approval,
          openOrders: []Order,
          lastGeneration: int
        )

        # The last decision about a subject, what it was made from, and what comes next.
        method Why(subject: string) -> (
          source: (daemon, database),
          at: string,
          row: Row,
          decision: ?Decision,
          lift: ?Lift,
          troubles: []Episode,
          suspension: ?Suspension,
          # What a person approved of it, and was not used yet
          approvals: []Approval,
          refusal: ?Refusal,
          undoneAt: []string,
          lastChangeAt: ?string,
          lastServedAt: ?string,
          orders: []Order,
          nextLook: ?string
        )

        # What happened, the newest last; 'limit' (1 to 10,000) keeps the newest.
        method History(
          subject: ?string,
          zone: ?string,
          since: ?string,
          until: ?string,
          limit: ?int
        ) -> (source: (daemon, database), at: string, rows: []Transition, truncated: bool, pruned: ?Pruned)

        # What was asked of Cloudflare, the newest last; with 'open' only what nobody knows the outcome of yet.
        method Orders(
          subject: ?string,
          zone: ?string,
          since: ?string,
          until: ?string,
          limit: ?int,
          open: ?bool
        ) -> (source: (daemon, database), at: string, rows: []Order, truncated: bool)

        # The validation records that have to be published. The scope is a subject or a zone; left out for all.
        method Records(scope: ?string) -> (source: (daemon, database), at: string, packs: []PackRecords)

        # What people asked for, the newest last.
        method Audit(since: ?string, limit: ?int) -> (
          source: (daemon, database),
          at: string,
          rows: []AuditRow,
          truncated: bool
        )

        # News as it happens; only with 'more'. The first reply has an empty kind and says that the stream stands.
        # A reader that is too slow loses the oldest lines and is told how many.
        method Watch(subjects: ?[]string) -> (
          at: string,
          kind: string,
          message: string,
          # As syslog has them: 0 to 7
          priority: int,
          path: ?string,
          zone: ?string,
          # By the journal's names without the prefix EDGECERT_
          fields: [string]string,
          lost: ?int
        )

        # What would be done and why. Looks at Cloudflare; nothing is done by it.
        method Plan(scope: ?string) -> (at: string, lines: []string, planned: []Planned)
        """

    static let changingMethods = """
        # Look, plan and act now, ahead of the schedule.
        method Reconcile(scope: ?string) -> (at: string, lines: []string, planned: []Planned)

        # Take a thing at Cloudflare for the subject's own; with 'replace' also one that is not as wished, and that is
        # removed once what is wished serves.
        method Adopt(object: string, subject: string, replace: ?bool) -> (at: string, lines: []string, planned: []Planned)

        # Give a subject out of hand: it is watched from then on, and left alone.
        method Release(subject: string) -> (at: string, lines: []string, planned: []Planned)

        # Make the change that is held for safety, once; or (with 'state') trust a state begun anew or restored.
        method Approve(subject: ?string, state: ?bool) -> (at: string, lines: []string, planned: []Planned)

        # Forget what led to a hold, and decide anew.
        method Unhold(subject: string) -> (at: string, lines: []string, planned: []Planned)

        # Change nothing of a subject, a zone or (without a scope) anything until a moment.
        method Suspend(scope: ?string, reason: string, until: ?string, forSeconds: ?int) -> (
          at: string,
          lines: []string,
          planned: []Planned
        )

        # End a suspension.
        method Resume(scope: ?string) -> (at: string, lines: []string, planned: []Planned)

        # Revoke a client certificate; without 'object' the one in use.
        method Revoke(subject: string, object: ?string, reason: ?string) -> (
          at: string,
          lines: []string,
          planned: []Planned
        )

        # Have a revoked client certificate become active again.
        method Reactivate(subject: string, object: ?string, reason: ?string) -> (
          at: string,
          lines: []string,
          planned: []Planned
        )

        # Read the settings again. Bad ones are refused with Trouble, and the last good ones stay in force.
        method Reload() -> (at: string, lines: []string, planned: []Planned)
        """
}

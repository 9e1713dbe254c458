extension ControlInterface {
    static let types = """
        # One subject: a named thing of one kind in one zone, as the settings wish it or as it was found.
        type Row (
          # example.com/certificate_pack/main
          path: string,
          zone: string,
          zoneID: string,
          # certificate_pack or client_certificate
          kind: string,
          name: string,
          # The worst of what is true of it
          state: (ok, moving, wrong, held, suspended, released, expired, unknown),
          headline: string,
          # The settings name it
          wished: bool,
          # Something at Cloudflare for it was ordered here or adopted
          ours: bool,
          # Something is on its way
          moving: bool,
          # A person should look
          wrong: bool,
          # A certificate serves and has not ended, by the clock at the report's moment
          valid: bool,
          # Cloudflare's own word
          status: ?string,
          # Our word for it
          stage: ?string,
          since: ?string,
          notAfter: ?string,
          # Negative after the end
          remainingSeconds: ?int,
          # The hosts of a pack, or the common name
          names: []string,
          authority: ?string,
          # act, wait, rest or hold
          decision: ?string,
          reason: ?string,
          # When its zone was last seen completely
          seenAt: ?string,
          seenSecondsAgo: ?int,
          nextLook: ?string
        )

        # How the running daemon stands.
        type Daemon (
          version: string,
          startedAt: string,
          # observe, create, upsert or enforce
          mode: string,
          zonesInPass: int,
          nextPass: ?string,
          # The interval that the request budget allows for settled zones
          lookEverySeconds: int,
          # Requests left to the daemon in Cloudflare's present window
          budgetLeft: ?int,
          blockedUntil: ?string,
          clockSkewSeconds: ?int,
          # Why the last reload was refused
          settingsTrouble: ?string,
          # Why the state is not trusted
          stateTrouble: ?string,
          # Why nothing can be written down
          storeTrouble: ?string,
          # What to do about that
          storeHint: ?string
        )

        type ZoneCounts (
          managed: int,
          unmanaged: int,
          # Not seen completely for three of their intervals, or never
          unseen: int,
          oldestSight: ?string,
          oldestSightSeconds: ?int
        )

        # Of the wished subjects, by state; and how many there are besides
        type SubjectCounts (
          wished: int,
          ok: int,
          moving: int,
          wrong: int,
          held: int,
          suspended: int,
          # Wished, and given out of hand by a person
          released: int,
          expired: int,
          unknown: int,
          notWished: int,
          notWishedWrong: int,
          # Whose validation waits for what Records lists
          awaitingRecords: int
        )

        # One open trouble
        type Episode (
          # daemon, a zone's name, or a subject's path
          scope: string,
          condition: string,
          words: string,
          detail: string,
          raisedAt: string,
          ageSeconds: int
        )

        type Suspension (
          # everything, a zone's name, or a subject's path
          scope: string,
          reason: string,
          by: string,
          at: string,
          until: string
        )

        # A person's word that a change which was held may be made, once, while it counts
        type Approval (
          # The reason of the hold that it lifts
          reason: string,
          by: string,
          at: string,
          # From then on it counts no more
          until: string
        )

        type Certificate (
          id: string,
          issuer: ?string,
          uploadedOn: ?string,
          notAfter: ?string
        )

        # One thing at Cloudflare
        type Object (
          id: string,
          # ordered, adopted or foreign
          ownership: string,
          status: string,
          stage: string,
          since: string,
          firstSeen: string,
          lastSeen: string,
          servingSince: ?string,
          valid: bool,
          notAfter: ?string,
          remainingSeconds: ?int,
          missingSince: ?string,
          type: ?string,
          hosts: ?[]string,
          authority: ?string,
          method: ?string,
          certificates: ?[]Certificate,
          validationRecords: ?int,
          validationErrors: ?[]string,
          commonName: ?string,
          serialNumber: ?string,
          fingerprintSHA256: ?string,
          issuedOn: ?string,
          generation: ?int,
          deliveredAt: ?string,
          commandSucceededAt: ?string,
          validityDays: ?int
        )

        # One change that was asked of Cloudflare
        type Order (
          id: string,
          at: string,
          path: string,
          action: string,
          words: string,
          reason: string,
          state: (open, accepted, failed, lost),
          resolvedAt: ?string,
          # What it made or changed
          object: ?string,
          code: ?string,
          message: ?string,
          lackedSince: ?string,
          # The person who asked for it; left out where the daemon decided
          askedBy: ?string
        )

        type Input (name: string, value: string)

        type Decision (
          verdict: (act, wait, rest, hold),
          reason: string,
          words: string,
          detail: string,
          action: ?string,
          actionWords: ?string,
          until: ?string,
          since: ?string,
          inputs: []Input
        )

        # The command that lifts a hold, to be typed as it is, and what it will do
        type Lift (command: string, meaning: string)

        type Refusal (reason: string, message: string, at: string)

        # One line of a subject's history
        type Transition (
          at: string,
          path: string,
          event: string,
          object: ?string,
          fromStage: ?string,
          fromStatus: ?string,
          toStage: ?string,
          toStatus: ?string,
          move: (none, expected, leap, surprising),
          reason: ?string,
          order: ?string,
          detail: string
        )

        # The lines of a subject's history that were taken out before the first that is left
        type Pruned (upTo: string, count: int)

        # One thing to be published
        type Record (
          type: (TXT, CNAME, HTTP, EMAIL),
          # The record's name, or the URL to answer at
          name: ?string,
          value: string,
          status: ?string
        )

        type PackRecords (
          path: string,
          object: string,
          status: string,
          hosts: []string,
          method: ?string,
          since: string,
          ageSeconds: int,
          # After this it counts as overdue
          deadline: ?string,
          notAfter: ?string,
          records: []Record,
          # Cloudflare's own messages
          errors: []string
        )

        # What a person asked for
        type AuditRow (at: string, person: string, verb: string, target: string, detail: string, outcome: string)

        type Planned (
          path: string,
          decision: Decision,
          # local (nothing is asked of Cloudflare), create, change or remove
          effect: ?string
        )
        """
}

import Domain
import Testing

/// The moves between status words, drawn whole: a row for each word, a column for each word that may be seen next.
///
/// `.` the same word, `e` expected (documented as the next step), `l` leap (documented steps lead there, the looks missed
/// those between), `!` surprising.
@Suite("Moves between status words") struct MoveTableTests {
    private func table<Word: StatusVocabulary>(_: Word.Type) -> String {
        Word.allCases.map { from in
            let letters = Word.allCases.map { to in
                switch from.move(to: to) {
                case .none: "."
                case .expected: "e"
                case .leap: "l"
                case .surprising: "!"
                }
            }
            return "\(letters.joined()) \(from.rawValue)"
        }.joined(separator: "\n")
    }

    @Test("of packs: 21 by 21, in the order of the vocabulary")
    func packs() {
        #expect(
            table(PackStatus.self) == """
                .elllelllelllll!!llle initializing
                e.lelellllellll!!llll pending_validation
                !!.!!!!!!!!!!!!!!!!!! deleted
                lll.eelllllelll!!llee pending_issuance
                llll.ellelllell!!llll pending_deployment
                !!e!!.!!!!!!!e!!!!!!! pending_deletion
                !!l!!e.e!!!!!l!!!!!!! pending_expiration
                !!e!!e!.!!!!!l!!!!!!! expired
                eeleeeel.llllle!!elll active
                ellllelll.lllll!!llll initializing_timed_out
                eelllellll.llll!!llll validation_timed_out
                ellelelllll.lll!!llll issuance_timed_out
                ellleellllll.ll!!llll deployment_timed_out
                !!l!!e!!!!!!!.!!!!!!! deletion_timed_out
                !!e!!e!!!!!!!l.!!!!!! pending_cleanup
                lllllellllllell.ellll staging_deployment
                lllleelllllllll!.elll staging_active
                lllllllllllllll!!.ell deactivating
                lllleelllllllll!!l.ll inactive
                lllleeeeellllll!!ll.l backup_issued
                lllleelllllllll!!lll. holding_deployment
                """)
    }

    @Test("of client certificates: 4 by 4")
    func clientCertificates() {
        #expect(
            table(ClientCertificateStatus.self) == """
                .lel active
                e.ll pending_reactivation
                le.e pending_revocation
                lel. revoked
                """)
    }

    @Test("every move has a verdict, and only staying is none")
    func complete() {
        #expect(PackStatus.allCases.count == 21)
        #expect(ClientCertificateStatus.allCases.count == 4)
        for from in PackStatus.allCases {
            for to in PackStatus.allCases { #expect((from.move(to: to) == .none) == (from == to)) }
        }
    }

    @Test("nothing comes back from deleted, and revoked leads only to reactivation")
    func ends() {
        #expect(PackStatus.deleted.successors.isEmpty)
        #expect(ClientCertificateStatus.revoked.successors == [.pendingReactivation])
        #expect(ClientCertificateStatus.revoked.move(to: .active) == .leap)
    }
}

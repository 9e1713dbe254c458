import Domain
import Testing

/// Words that are in databases, journals and other people's programs: none may ever be renamed or removed.
@Suite("Words that are never renamed") struct RawValueTests {
    private func words<Word: CaseIterable & RawRepresentable>(_: Word.Type) -> String where Word.RawValue == String {
        Word.allCases.map(\.rawValue).joined(separator: " ")
    }

    @Test("statuses of packs")
    func statusesOfPacks() {
        #expect(
            words(PackStatus.self) == """
                initializing pending_validation deleted pending_issuance pending_deployment pending_deletion \
                pending_expiration expired active initializing_timed_out validation_timed_out \
                issuance_timed_out deployment_timed_out deletion_timed_out pending_cleanup staging_deployment \
                staging_active deactivating inactive backup_issued holding_deployment
                """)
    }

    @Test("statuses of client certificates")
    func statusesOfClientCertificates() {
        #expect(
            words(ClientCertificateStatus.self) == """
                active pending_reactivation pending_revocation revoked
                """)
    }

    @Test("reasons")
    func reasons() {
        #expect(
            words(Reason.self) == """
                as-wanted not-managed discovered released not-seen absence-unproven provider-working \
                provider-removing waiting-for-zone operation-open proving overlap-running changed-recently \
                clock-skewed planning-only mode-forbids renewal-by-cloudflare retry-later suspended adoptable \
                missing expired wish-changed method-changed branding-changed step-stalled superseded \
                no-longer-wanted removal-stalled renewal-due undelivered command-due person-asked \
                same-host-set-refused would-uncover name-limit daemon-limit removal-limit undone-outside \
                revoked-outside status-unread preflight-failed refused quota-exhausted key-trouble \
                state-untrusted store-trouble
                """)
    }

    @Test("events of the history")
    func eventsOfTheHistory() {
        #expect(
            words(Transition.Event.self) == """
                appeared moved vanished adopted released bound certificate-replaced decided delivered \
                approval-lapsed command-succeeded operation-accepted operation-failed operation-lost
                """)
    }

    @Test("conditions of episodes")
    func conditionsOfEpisodes() {
        #expect(
            words(Episode.Condition.self) == """
                overdue stalled held expiring expired renewal-overdue uncovered command-failed key-trouble \
                failing status-unread suspended zone-unseen zone-unknown clock-skewed token-refused token-expiring \
                rate-limited settings-refused store-unwritable state-untrusted
                """)
    }

    @Test("kinds of news")
    func kindsOfNews() {
        #expect(
            words(News.Kind.self) == """
                started stopping settings-loaded settings-refused transition decision operation-sent \
                operation-accepted operation-refused operation-unanswered operation-lost episode-raised \
                episode-reminder episode-resolved expiry-rung delivered command-output command-failed \
                person-acted simulator-clock clock-stepped database-quarantined database-migrated \
                database-restored
                """)
    }

    @Test("fields of the journal")
    func fieldsOfTheJournal() {
        #expect(
            words(News.Field.Name.self) == """
                ZONE_ID OBJECT FROM TO FROM_STATUS TO_STATUS EVENT MOVE REASON DETAIL OPERATION ACTION \
                CONDITION RUNG NOT_AFTER SINCE CF_RAY ERROR_CODE ERROR_MESSAGE HTTP_STATUS HINT OUTPUT \
                EXIT_STATUS FILE LINE PERSON MODE VERSION
                """)
    }

    @Test("notes")
    func notes() {
        #expect(
            words(NoteKey.self) == """
                era untrusted zone-ids blocked-until
                """)
    }

    @Test("kinds of subjects")
    func kindsOfSubjects() {
        #expect(
            words(SubjectKind.self) == """
                certificate_pack client_certificate
                """)
    }

    @Test("modes")
    func modes() {
        #expect(
            words(Mode.self) == """
                observe create upsert enforce
                """)
    }

    @Test("authorities")
    func authorities() {
        #expect(
            words(CertificateAuthority.self) == """
                google lets_encrypt ssl_com
                """)
    }

    @Test("validation methods")
    func validationMethods() {
        #expect(
            words(ValidationMethod.self) == """
                txt http email
                """)
    }

    @Test("kinds of keys")
    func kindsOfKeys() {
        #expect(
            words(KeyAlgorithm.self) == """
                ec-p256 ec-p384 rsa-2048 rsa-3072 rsa-4096
                """)
    }

    @Test("codes of stages")
    func stageCodes() {
        #expect(
            Stage.all.map(\.code).joined(separator: " ") == """
                start validation issuance deployment deletion revocation reactivation start-stalled \
                validation-stalled issuance-stalled deployment-stalled deletion-stalled revocation-stalled \
                reactivation-stalled holding serving standby retiring leaving inactive expired revoked gone \
                unread
                """)
    }

    @Test("codes of rungs")
    func rungCodes() {
        #expect(
            ExpiryRung.allCases.map(\.code).joined(separator: " ") == """
                28d 7d 3d 1d 6h 1h expired
                """)
    }

    @Test("the codes of stages are read back")
    func stages() {
        for stage in Stage.all { #expect(Stage(code: stage.code) == stage) }
        #expect(Set(Stage.all.map(\.code)).count == Stage.all.count)
        #expect(Stage(code: "polishing") == nil)
    }
}

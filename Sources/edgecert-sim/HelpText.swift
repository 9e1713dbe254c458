extension SimulatorCommand {
    // Examples are kept short of 80 columns: the terminal's help wraps what is longer.
    static let helpText = """
        It answers on /client/v4 as Cloudflare's API does for zones, certificate packs, SSL verification, client \
        certificates and token checks, and on /sim to whoever directs the play. The first line on standard output is \
        the base URL for a client's settings; the token is in a file, never on a command line. SIGTERM or SIGINT ends \
        it. It listens on this machine alone and knows nothing of the real Cloudflare.

        EXAMPLES

        A day in 24 seconds, two zones (example.com, example.net), one token:

          edgecert-sim --speed 3600 --token-file /tmp/token &
          API=http://127.0.0.1:8787/client/v4  SIM=http://127.0.0.1:8787/sim
          curl -s -H "Authorization: Bearer $(cat /tmp/token)" $API/zones

        The clock (speed 0 or paused: it stands still; set may go back):

          curl -s $SIM/clock
          curl -s $SIM/clock -d '{"step": "30d"}'
          curl -s $SIM/clock -d '{"speed": 60, "paused": false}'
          curl -s $SIM/clock -d '{"set": "2027-01-01T00:00:00Z"}'

        What was asked, and what came of it:

          curl -s "$SIM/ledger?effects=true"
          curl -s "$SIM/ledger?kind=order-accepted&hosts=example.com"
          curl -s "$SIM/ledger?method=DELETE&since=120"
          curl -s $SIM/ledger/counts

        Faults. 'do' is one or a list of: delay, reset_before, reset_after, server_error_before, server_error_after, \
        limited, truncated, html, empty_body, duplicate_entry, missing_entry, unknown_status, stale_list, \
        unsuccessful, date_skew. 'seconds', 'status', 'bytes' and 'word' say more about it; 'method', 'path' (with *), \
        'token', 'skip', 'count' and 'probability' say when:

          curl -s $SIM/faults -d '{"do": "reset_after", "path": "*/order",
                                   "method": "POST", "count": 1}'
          curl -s $SIM/faults -d '{"do": ["delay", "html", "truncated"],
                                   "probability": 0.05, "seconds": 2}'
          curl -s $SIM/faults -X DELETE

        Behind the client's back:

          curl -s "$SIM/state?zone=example.com"
          curl -s $SIM/packs -d '{"zone": "example.com", "type": "universal",
                                  "hosts": ["example.com"]}'
          curl -s $SIM/packs/ID -d '{"status": "validation_timed_out"}'
          curl -s $SIM/packs/ID -d '{"expires_on": "2026-12-24T00:00:00Z"}'
          curl -s $SIM/packs/ID -X DELETE
          curl -s $SIM/client_certificates/ID -d '{"status": "revoked"}'
          curl -s $SIM/zones -d '{"name": "example.com", "validation": "never"}'
          curl -s $SIM/zones -d '{"name": "example.org", "type": "partial"}'

        Validation records, for zones whose validation is 'manual':

          curl -s "$SIM/records?zone=example.org"
          curl -s $SIM/records/publish -d '{"zone": "example.org"}'
          curl -s $SIM/records/publish -d '{"values": ["..."],
                                 "name": "_acme-challenge.example.org"}'

        Rights, limits, pace:

          curl -s $SIM/tokens/operator -d '{"permissions": ["ssl_read"]}'
          curl -s $SIM/settings -d '{"list_lag": "5s"}'
          curl -s $SIM/settings -d '{"pace": {"immediate": true}}'
          curl -s $SIM/settings -d '{"limiter": {"quota": 100}}'
          curl -s $SIM/limiter -X DELETE

        GET /sim lists every path.

        SCENARIO FILE

          {"settings": {
             "pace": {"initializing": ["4s", "16s"], "records": ["2s", "5s"],
                      "known_names": "27s", "new_names": ["148s", "233s"],
                      "issuance": "3s", "deployment": "3s",
                      "deletion": "7m", "revocation": "9s"},
             "timeouts": {"initializing": "1h", "validation": "30m",
                          "issuance": "4h", "deployment": "1h"},
             "limiter": {"on": true, "quota": 1200, "window": "5m",
                         "block": "5m", "retry_after": true},
             "list_lag": "2s", "refuse_duplicates": true,
             "strict_restart": false, "reactivate_revoked": true},
           "tokens": [
             {"label": "operator", "zones": ["example.com"],
              "permissions": ["zone_read", "ssl_read", "ssl_write"],
              "owner": "user", "expires_on": "2027-01-01T00:00:00Z"}],
           "zones": [
             {"name": "example.com", "status": "active", "type": "full",
              "plan": "enterprise", "acm": true, "pack_quota": 100,
              "client_certificate_quota": 100, "validation": "automatic",
              "timeouts_first": 1, "stuck": ["issuance"],
              "caa_refuses": false, "packs": [
                {"type": "universal", "hosts": ["example.com"],
                 "expires_on": "2026-12-24T00:00:00Z"}]}],
           "bulk": {"zones": 1000, "packs": 10, "name": "bench"},
           "faults": [{"do": "html", "method": "POST", "count": 1}]}

        Everything may be left out; an unknown key is an error. 'validation' is automatic, delayed (with \
        'validation_delay'), manual or never; the first 'timeouts_first' validations of each pack time out whatever it \
        says; a token whose 'owner' is account is verified at /accounts/ID/tokens/verify alone; 'stuck' names steps that time out: initializing, issuance, deployment, deletion. Durations are written \
        250ms, 90s, 15m, 2h, 30d. Zones are bench0001.example and so on for 'bulk'.
        """
}

//! Faults of the API: the token, the polls, the files that go with a HAP.

use super::Job::{Hap, Upload};
use super::{API, AUTH, DONE, NETWORK, PENDING, PUBLISH, Row, hold, row};

/// Nothing is known yet: whatever may pass is tried again, and what is refused is final.
const TOKEN: &[Row] = &[
    row(Upload, "", DONE, "tspp", ""),
    // Statuses that may pass, whatever their body.
    row(Upload, "token:1:status=408", DONE, "ttspp", ""),
    row(Upload, "token:1:status=425", DONE, "ttspp", ""),
    row(Upload, "token:1:status=429", DONE, "ttspp", ""),
    row(Upload, "token:1:status=500", DONE, "ttspp", ""),
    row(Upload, "token:1:status=502,html", DONE, "ttspp", ""),
    row(Upload, "token:1:status=503; token:2:status=504", DONE, "tttspp", ""),
    row(Upload, "token:1:status=599", DONE, "ttspp", ""),
    row(Upload, "token:1:status=503,code=1001", DONE, "ttspp", ""),
    row(Upload, "token:1:status=500,code=0", DONE, "ttspp", ""),
    row(Upload, "token:*:status=503", NETWORK, "ttt", "HTTP 503"),
    row(Upload, "token:*:status=500,html", NETWORK, "ttt", "web page"),
    // Retry-After: seconds, a date that is over, and what is neither.
    row(Upload, "token:1:status=503,retry-after=0", DONE, "ttspp", ""),
    row(Upload, "token:1:status=503,retry-after=Sun, 06 Nov 1994 08:49:37 GMT", DONE, "ttspp", ""),
    row(Upload, "token:1:status=503,retry-after=-1", DONE, "ttspp", ""),
    row(Upload, "token:1:status=503,retry-after=soon", DONE, "ttspp", ""),
    row(Upload, "token:1:status=429,retry-after=", DONE, "ttspp", ""),
    // Answers that are not the API's JSON, whatever their status.
    row(Upload, "token:1:html", DONE, "ttspp", ""),
    row(Upload, "token:1:status=404", DONE, "ttspp", ""),
    row(Upload, "token:1:status=200", DONE, "ttspp", ""),
    row(Upload, "token:1:status=401,html", DONE, "ttspp", ""),
    row(Upload, "token:1:raw=null", DONE, "ttspp", ""),
    row(Upload, "token:1:raw=[1]", DONE, "ttspp", ""),
    row(Upload, "token:1:raw={}", DONE, "ttspp", ""),
    row(Upload, "token:1:truncated", DONE, "ttspp", ""),
    row(Upload, "token:1:xml=AccessDenied", DONE, "ttspp", ""),
    row(Upload, "token:*:html", NETWORK, "ttt", "web page"),
    row(Upload, "token:*:status=404", NETWORK, "ttt", "HTTP 404"),
    row(Upload, "token:*:truncated", NETWORK, "ttt", "JSON"),
    row(Upload, "token:*:huge=2", NETWORK, "ttt", ""),
    row(Upload, "token:*:huge", NETWORK, "ttt", ""),
    row(Upload, "token:1:huge", DONE, "ttspp", ""),
    // Redirects are not followed, and may be a captive portal's.
    row(Upload, "token:1:redirect=302", DONE, "ttspp", ""),
    row(
        Upload,
        "token:*:redirect=307,location=https://portal.example/login",
        NETWORK,
        "ttt",
        "portal.example",
    ),
    // Connections that end or stall.
    row(Upload, "token:1:cut=head", DONE, "ttspp", ""),
    row(Upload, "token:1:cut=0", DONE, "ttspp", ""),
    row(Upload, "token:1:cut=body", DONE, "ttspp", ""),
    row(Upload, "token:1:cut=done", DONE, "ttspp", ""),
    row(Upload, "token:1:cut=answer", DONE, "ttspp", ""),
    row(Upload, "token:1:cut=head,fin; token:2:cut=answer,fin", DONE, "tttspp", ""),
    row(Upload, "token:*:cut=answer,fin", NETWORK, "ttt", ""),
    row(Upload, "token:*:cut=done", NETWORK, "ttt", "reset"),
    row(Upload, "token:1:stall=head", DONE, "ttspp", ""),
    row(Upload, "token:1:stall=done", DONE, "ttspp", ""),
    row(Upload, "token:1:stall=answer", DONE, "ttspp", ""),
    row(Upload, "token:*:stall=answer", NETWORK, "ttt", "stalled"),
    row(Upload, "token:1:slow-answer=1ms", DONE, "tspp", ""),
    row(Upload, "token:1:delay=100ms", DONE, "tspp", ""),
    // Refusals are final, whatever their status.
    row(Upload, "token:*:code=1001,message=no key", AUTH, "t", "no key"),
    row(Upload, "token:*:code=1002", AUTH, "t", "1002"),
    row(Upload, "token:*:status=401,code=1002", AUTH, "t", "1002"),
    row(Upload, "token:*:status=404,code=1081", API, "t", "1081"),
    row(Upload, "token:*:code=1012,message=quota", API, "t", "1012, \"quota\""),
    row(Upload, "token:*:code=0", API, "t", "can't be used"),
    row(Upload, "token:*:status=413,code=1077", API, "t", "1077"),
];

/// The file is stored: nothing that may pass loses the build.
const POLL: &[Row] = &[
    row(Upload, "poll:1:status=503", DONE, "tsppp", ""),
    row(Upload, "poll:1:status=503; poll:2:html; poll:3:truncated", DONE, "tspppp", ""),
    row(Upload, "poll:1:status=408; poll:2:status=425; poll:3:status=429", DONE, "tsppppp", ""),
    row(Upload, "poll:1:redirect=302; poll:2:redirect=301", DONE, "tspppp", ""),
    row(Upload, "poll:1:cut=head; poll:2:cut=done; poll:3:cut=answer", DONE, "tspppp", ""),
    row(Upload, "poll:1:cut=answer,fin", DONE, "tspp", ""),
    row(Upload, "poll:1:huge", DONE, "tspp", ""),
    row(Upload, "poll:1:status=404", DONE, "tsppp", ""),
    row(Upload, "poll:1:status=200", DONE, "tsppp", ""),
    row(Upload, "poll:1:code=1246; poll:2:code=1247", DONE, "tspppp", ""),
    row(Upload, "poll:1:status=503,code=1216", DONE, "tsppp", ""),
    row(Upload, "poll:1:slow-answer=100us", DONE, "tspp", ""),
    row(Upload, "poll:1:status=503,retry-after=soon", DONE, "tsppp", ""),
    row(Upload, "poll:*:code=1247", PENDING, "tsp*", "pgyer status --wait apps/"),
    row(Upload, "poll:*:status=503", PENDING, "tsp*", "HTTP 503"),
    row(Upload, "poll:*:status=503,retry-after=60", PENDING, "tsp", "HTTP 503"),
    row(Upload, "poll:*:redirect=302", PENDING, "tsp*", "redirects"),
    row(Upload, "poll:*:stall=head", PENDING, "tsp*", "queue"),
    row(Upload, "poll:*:stall=done", PENDING, "tsp*", "pgyer status --wait apps/"),
    row(Upload, "poll:*:cut=done", PENDING, "tsp*", "reset"),
    row(Upload, "poll:*:code=1216,message=bad package", PUBLISH, "tsp", "1216, \"bad package\""),
    row(Upload, "poll:2:code=1216", PUBLISH, "tspp", "1216"),
    row(Upload, "poll:*:status=404,code=1216", PUBLISH, "tsp", "1216"),
    row(Upload, "poll:*:code=1002", AUTH, "tsp", "1002"),
    row(Upload, "poll:*:code=1244", API, "tsp", "1244"),
    row(Upload, "poll:*:code=0", API, "tsp", "can't be used"),
    // Once stored, it says so and how to go on.
    row(Upload, "poll:*:code=1081", API, "tsp", "go on waiting with: pgyer status --wait apps/"),
    row(Upload, "poll:*:code=0", API, "tsp", "the package is stored under the key apps/"),
    row(Upload, "poll:*:code=1002", AUTH, "tsp", "pgyer status --wait apps/"),
];

/// What accompanies a HAP may be sent twice, so a lost answer does no harm.
const ATTACHMENTS: &[Row] = &[
    row(Hap, "", DONE, "tshcpp", ""),
    row(Hap, "hsp:1:status=503; cert:1:status=503", DONE, "tshhccpp", ""),
    row(Hap, "hsp:1:html; cert:1:truncated", DONE, "tshhccpp", ""),
    row(Hap, "hsp:1:cut=head; cert:1:cut=done", DONE, "tshhccpp", ""),
    row(Hap, "hsp:1:cut=body; cert:1:cut=answer", DONE, "tshhccpp", ""),
    row(Hap, "hsp:1:cut=done,fin; cert:1:cut=answer,fin", DONE, "tshhccpp", ""),
    row(Hap, "hsp:1:stall=head; cert:1:stall=done", DONE, "tshhccpp", ""),
    row(Hap, "hsp:1:early=503; cert:1:early=503,manner=reset", DONE, "tshhccpp", ""),
    row(Hap, "hsp:1:redirect=302; cert:1:huge", DONE, "tshhccpp", ""),
    row(Hap, "hsp:*:status=503", NETWORK, "tshhh", "pgyer harmony-hsp apps/"),
    row(Hap, "cert:*:status=503", NETWORK, "tshccc", "pgyer harmony-cert apps/"),
    row(Hap, "hsp:*:html", NETWORK, "tshhh", "app.hsp"),
    row(Hap, "cert:*:redirect=302", NETWORK, "tshccc", "cert.p12"),
    row(Hap, "hsp:*:stall=done", NETWORK, "tshhh", "stalled"),
    row(Hap, "hsp:*:code=1216,message=no", API, "tsh", "1216, \"no\""),
    row(Hap, "cert:*:code=1216", API, "tshc", "cert.p12"),
    row(Hap, "cert:*:early=400@10,code=1002", AUTH, "tshc", "1002"),
    row(Hap, "hsp:*:early=413,code=1300,manner=linger", API, "tsh", "1300"),
];

#[test]
fn faults_of_the_token() {
    hold(TOKEN);
}

#[test]
fn faults_of_the_polls() {
    hold(POLL);
}

#[test]
fn faults_of_what_goes_with_a_hap() {
    hold(ATTACHMENTS);
}

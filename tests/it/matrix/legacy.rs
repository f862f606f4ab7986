//! Faults of the one-request upload: it is retried only while nothing can have been published.

use super::Job::{BigLegacy, Legacy};
use super::{API, AUTH, DONE, NETWORK, Row, hold, row};

const LEGACY: &[Row] = &[
    row(Legacy, "", DONE, "l", ""),
    // The server has not received all of it.
    row(Legacy, "legacy:1:cut=head", DONE, "ll", ""),
    row(Legacy, "legacy:1:cut=head,fin", DONE, "ll", ""),
    row(Legacy, "legacy:1:early=503,html", DONE, "ll", ""),
    row(BigLegacy, "legacy:1:cut=65536", DONE, "ll", ""),
    row(BigLegacy, "legacy:1:stall=65536", DONE, "ll", ""),
    row(BigLegacy, "legacy:1:early=503@65536,manner=reset", DONE, "ll", ""),
    row(BigLegacy, "legacy:1:early=502@65536,html,manner=linger", DONE, "ll", ""),
    row(BigLegacy, "legacy:*:early=503,manner=drain", NETWORK, "lll", "HTTP 503"),
    row(BigLegacy, "legacy:*:cut=65536", NETWORK, "lll", ""),
    row(BigLegacy, "legacy:*:stall=65536", NETWORK, "lll", "stalled"),
    // It has: only a look at the app's page tells whether there is a build.
    row(Legacy, "legacy:*:cut=body", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:cut=done", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:cut=answer", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:cut=done,fin", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:stall=head", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:stall=done", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:stall=answer", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:status=504,done", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:status=503", NETWORK, "l", "may have been published"),
    row(BigLegacy, "legacy:*:early=200@65536,html,manner=reset", NETWORK, "lll", "web page"),
    row(BigLegacy, "legacy:1:early=200@65536,code=0,manner=reset", DONE, "ll", ""),
    row(Legacy, "legacy:*:html,done", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:truncated", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:redirect=302", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:huge", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:*:code=0,done", API, "l", "may have been published"),
    // A refusal is definite.
    row(Legacy, "legacy:*:code=1002", AUTH, "l", "1002"),
    row(Legacy, "legacy:*:code=1012,message=quota", API, "l", "quota"),
    row(BigLegacy, "legacy:*:early=403@65536,code=1002,manner=reset", AUTH, "l", "1002"),
    row(BigLegacy, "legacy:*:early=413@65536,code=1300,manner=linger", API, "l", "1300"),
    row(Legacy, "legacy:1:refuse-expect", DONE, "ll", ""),
    row(Legacy, "legacy:*:status=417,done", NETWORK, "l", "may have been published"),
    row(Legacy, "legacy:1:ignore-expect", DONE, "l", ""),
];

#[test]
fn faults_of_the_legacy_upload() {
    hold(LEGACY);
}

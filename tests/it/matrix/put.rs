//! Step two alone, which never calls the API.

use super::Job::Put;
use super::{DONE, NETWORK, Row, STORAGE, hold, row};

const PUT: &[Row] = &[
    row(Put, "", DONE, "s", ""),
    row(Put, "storage:1:status=503", DONE, "ss", ""),
    row(Put, "storage:1:status=417", DONE, "ss", ""),
    // After a lost answer there is nothing to ask.
    row(Put, "storage:1:cut=done", DONE, "ss", ""),
    row(Put, "storage:1:stall=answer", DONE, "ss", ""),
    row(Put, "storage:*:cut=done", NETWORK, "sss", "apps/sandbox/"),
    row(Put, "storage:1:status=203,done", DONE, "s", ""),
    row(Put, "storage:*:status=409", STORAGE, "s", "pgyer token"),
    row(Put, "storage:*:expired", STORAGE, "s", "pgyer token"),
    row(Put, "storage:*:expired=denied", STORAGE, "s", "pgyer token"),
    row(Put, "storage:1:cut=done; storage:2:expired", STORAGE, "ss", "pgyer token"),
    row(Put, "storage:1:cut=done; storage:2:status=409,done", STORAGE, "ss", "apps/sandbox/"),
    row(Put, "storage:*:status=409,done", STORAGE, "s", "may still appear"),
    row(Put, "storage:*:status=202", STORAGE, "sss", "may still appear"),
    row(Put, "storage:*:status=206,done", STORAGE, "sss", "HTTP 206"),
    row(Put, "storage:*:status=226,xml=InternalError,done", STORAGE, "sss", "InternalError"),
    row(Put, "storage:*:status=203,xml=CallbackFailed,done", STORAGE, "sss", "CallbackFailed"),
    row(Put, "storage:*:status=503,done", STORAGE, "sss", "may still appear"),
    row(Put, "storage:1:wrong-checksum; storage:*:status=203", STORAGE, "sss", "CRC-64"),
    row(Put, "storage:*:html", NETWORK, "sss", "web page"),
    row(Put, "storage:*:wrong-checksum", STORAGE, "sss", "CRC-64"),
    row(Put, "storage:*:redirect=302", NETWORK, "sss", "redirects"),
];

#[test]
fn faults_of_step_two_alone() {
    hold(PUT);
}

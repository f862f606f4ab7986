//! Faults of the storage: a refusal has to be noticed while bytes go out, and an answer may get
//! lost although the file arrived.

use super::Job::{Big, Edge, Upload};
use super::{API, DONE, NETWORK, Row, STORAGE, hold, row};

/// Answers that refuse, or are unusable.
const ANSWERS: &[Row] = &[
    row(Upload, "storage:1:status=503,xml=SlowDown", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=503,retry-after=soon,xml=SlowDown", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=500; storage:2:status=504,html", DONE, "tssspp", ""),
    row(Upload, "storage:1:status=408", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=425", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=429", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=400,xml=RequestTimeout", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=400,xml=UserNetworkTooSlow", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=400,xml=IncompleteBody", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=400,xml=BadDigest", DONE, "tsspp", ""),
    row(Upload, "storage:*:status=503,xml=SlowDown", STORAGE, "tsss", "SlowDown"),
    row(Upload, "storage:*:status=500", STORAGE, "tsss", "HTTP 500"),
    row(Upload, "storage:*:status=400,xml=RequestTimeout", STORAGE, "tsss", "RequestTimeout"),
    row(Upload, "storage:*:status=400,xml=EntityTooLarge", STORAGE, "ts", "EntityTooLarge"),
    row(Upload, "storage:*:status=400", STORAGE, "ts", "HTTP 400"),
    row(Upload, "storage:*:xml=AccessDenied,message=no", STORAGE, "ts", "RequestId"),
    row(Upload, "storage:*:xml=SignatureDoesNotMatch", STORAGE, "ts", "SignatureDoesNotMatch"),
    row(Upload, "storage:*:xml=RequestTimeTooSkewed", STORAGE, "ts", "clock"),
    row(Upload, "storage:*:status=404,xml=NoSuchBucket", STORAGE, "ts", "NoSuchBucket"),
    row(Upload, "storage:*:status=411", STORAGE, "ts", "HTTP 411"),
    // A web page is not the storage, whatever its status.
    row(Upload, "storage:1:html", DONE, "tsspp", ""),
    row(Upload, "storage:*:html", NETWORK, "tsss", "--region"),
    row(Upload, "storage:*:status=403,html", NETWORK, "tsss", "web page"),
    row(Upload, "storage:*:status=503,html", NETWORK, "tsss", "web page"),
    row(Upload, "storage:*:redirect=302", NETWORK, "tsss", "redirects"),
    row(Upload, "storage:*:redirect=307", NETWORK, "tsss", "--region"),
    // The stored bytes have to be those that were sent.
    row(Upload, "storage:1:wrong-checksum", DONE, "tsspp", ""),
    row(Upload, "storage:*:wrong-checksum", STORAGE, "tsss", "CRC-64"),
    row(Upload, "storage:*:wrong-checksum", STORAGE, "tsss", "may still appear"),
    row(
        Upload,
        "storage:1:wrong-checksum; storage:2:expired; token:2:code=1012",
        STORAGE,
        "tsst",
        "may still appear",
    ),
    row(Upload, "storage:1:wrong-checksum; storage:2:status=409", DONE, "tssspp", ""),
    // Nothing that comes later proves that the damaged object is the package.
    row(Upload, "storage:1:wrong-checksum; storage:*:status=409,done", STORAGE, "tsss", "CRC-64"),
    row(Upload, "storage:1:wrong-checksum; storage:*:cut=done", STORAGE, "tsss", "CRC-64"),
    row(Upload, "storage:1:wrong-checksum; storage:*:status=203", STORAGE, "tsss", "CRC-64"),
    row(Upload, "storage:1:wrong-checksum; storage:*:html", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:1:wrong-checksum; storage:2:cut=done", DONE, "tssspp", ""),
    row(Upload, "storage:1:wrong-checksum; storage:2:xml=AccessDenied", STORAGE, "tss", "CRC-64"),
    row(Upload, "storage:1:wrong-checksum; storage:2:expired", DONE, "tsstspp", "published twice"),
    // Other 2xx say nothing about what is stored.
    row(Upload, "storage:*:status=202,done", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:*:status=206,done", STORAGE, "tsss", "HTTP 206"),
    row(Upload, "storage:*:status=226", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:1:status=202,done", DONE, "tsspp", ""),
    row(Upload, "storage:*:status=200,xml=InternalError,done", STORAGE, "tsss", "InternalError"),
    // After the whole body, anything but a definite refusal leaves the outcome open.
    row(Upload, "storage:*:status=503,done", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:*:status=503,raw=busy,done", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:*:status=408,done", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:*:status=425,done", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:*:status=429,done", STORAGE, "tsss", "may still appear"),
    row(Upload, "storage:*:status=400,xml=RequestTimeout,done", STORAGE, "tsss", "may still"),
    row(Upload, "storage:*:status=303,done", NETWORK, "ts", "may still appear"),
    row(Upload, "storage:*:html,done", NETWORK, "tsss", "may still appear"),
    row(
        Upload,
        "storage:1:status=503,done; storage:2:xml=AccessDenied",
        STORAGE,
        "tss",
        "may still",
    ),
    row(Upload, "storage:1:status=503,done; storage:2:xml=ExpiredToken", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=503,done", DONE, "tsspp", ""),
    // A page that says so: something on the way limits the size.
    row(Upload, "storage:*:status=413,html", NETWORK, "ts", "limits the size"),
    row(Upload, "storage:*:dropped", API, "tsp", "1244"),
    row(Upload, "storage:1:huge", DONE, "tspp", ""),
];

/// The storage sees a token that has expired: a new one, once.
const EXPIRED: &[Row] = &[
    row(Upload, "storage:1:expired", DONE, "tstspp", ""),
    row(Upload, "storage:1:expired=denied", DONE, "tstspp", ""),
    row(Upload, "storage:1:status=400,xml=ExpiredToken", DONE, "tstspp", ""),
    row(Big, "storage:1:early=403@65536,xml=ExpiredToken,manner=reset", DONE, "tstspp", ""),
    row(Upload, "storage:1:expired; storage:2:expired", STORAGE, "tsts", "ExpiredToken"),
    row(Upload, "storage:*:expired=denied", STORAGE, "tsts", "expired"),
    row(Upload, "storage:1:status=503; storage:2:expired", DONE, "tssptspp", "published twice"),
    row(Upload, "storage:1:expired; token:2:code=1002", 4, "tst", "1002"),
];

/// A refusal in mid-body is shown as what it is, and ends the sending.
const EARLY: &[Row] = &[
    row(Big, "storage:*:early=403,xml=InvalidAccessKeyId", STORAGE, "ts", "InvalidAccessKeyId"),
    row(Big, "storage:*:early=403,xml=AccessDenied,manner=reset", STORAGE, "ts", "AccessDenied"),
    row(Big, "storage:*:early=403,xml=AccessDenied,manner=linger", STORAGE, "ts", "AccessDenied"),
    row(Big, "storage:*:early=403@65536,xml=AccessDenied", STORAGE, "ts", "RequestId"),
    row(
        Big,
        "storage:*:early=403@65536,xml=AccessDenied,manner=reset",
        STORAGE,
        "ts",
        "AccessDenied",
    ),
    row(
        Big,
        "storage:*:early=403@65536,xml=AccessDenied,manner=linger",
        STORAGE,
        "ts",
        "AccessDenied",
    ),
    row(
        Big,
        "storage:*:early=400@3000000,xml=EntityTooLarge,manner=reset",
        STORAGE,
        "ts",
        "EntityTooLarge",
    ),
    row(Big, "storage:1:early=503@65536,xml=SlowDown,manner=reset", DONE, "tsspp", ""),
    row(Big, "storage:1:early=503@65536,manner=linger", DONE, "tsspp", ""),
    row(Big, "storage:1:early=408@65536,manner=drain", DONE, "tsspp", ""),
    row(Big, "storage:*:early=307@65536,manner=reset", NETWORK, "ts", "redirects"),
    row(Big, "storage:*:early=403@65536,html,manner=reset", NETWORK, "tsss", "web page"),
    // No part of a body can have been stored before it was sent.
    row(Big, "storage:*:early=200@65536,html,manner=reset", NETWORK, "tsss", "web page"),
    row(Upload, "storage:*:early=200,html,manner=reset", NETWORK, "tsss", "web page"),
    row(Big, "storage:*:early=204@65536,manner=reset", STORAGE, "tsss", "answered HTTP 204"),
    row(Big, "storage:1:early=204@65536,manner=reset", DONE, "tsspp", ""),
    row(Big, "storage:1:early=204@65536,manner=drain", DONE, "tsspp", ""),
    row(Big, "storage:1:early=409@65536,manner=reset", DONE, "tspspp", ""),
    // Neither sending again after a 417 nor a missing 100 counts as a retry.
    row(Upload, "storage:1:refuse-expect", DONE, "tsspp", ""),
    row(Upload, "storage:1:ignore-expect", DONE, "tspp", ""),
    row(Big, "storage:1:refuse-expect", DONE, "tsspp", ""),
    row(Big, "storage:1:ignore-expect", DONE, "tspp", ""),
    row(Upload, "storage:1:status=417", DONE, "tsspp", ""),
    row(Big, "storage:1:status=417", DONE, "tsspp", ""),
    row(Big, "storage:1:early=417@65536", DONE, "tsspp", ""),
    row(Upload, "storage:1:status=417,html", DONE, "tsspp", ""),
    row(Upload, "storage:*:status=417", STORAGE, "tss", "HTTP 417"),
];

/// A body of 48 KiB waits for the server's word, and of a larger one 48 KiB go ahead. What comes of
/// it is the same.
const EDGE: &[Row] = &[
    row(Edge(-1), "", DONE, "tspp", ""),
    row(Edge(0), "", DONE, "tspp", ""),
    row(Edge(1), "", DONE, "tspp", ""),
    row(Edge(-1), "storage:1:ignore-expect", DONE, "tspp", ""),
    row(Edge(0), "storage:1:ignore-expect", DONE, "tspp", ""),
    row(Edge(1), "storage:1:ignore-expect", DONE, "tspp", ""),
    row(Edge(-1), "storage:*:early=403,xml=AccessDenied", STORAGE, "ts", "AccessDenied"),
    row(Edge(0), "storage:*:early=403,xml=AccessDenied", STORAGE, "ts", "AccessDenied"),
    row(Edge(1), "storage:*:early=403,xml=AccessDenied", STORAGE, "ts", "AccessDenied"),
    row(
        Edge(0),
        "storage:*:early=403,xml=AccessDenied,manner=reset",
        STORAGE,
        "ts",
        "AccessDenied",
    ),
    row(
        Edge(1),
        "storage:*:early=403,xml=AccessDenied,manner=reset",
        STORAGE,
        "ts",
        "AccessDenied",
    ),
    row(Edge(1), "storage:*:early=403,xml=AccessDenied,manner=linger", STORAGE, "ts", "AccessD"),
    row(Edge(1), "storage:*:early=403@49152,xml=AccessDenied", STORAGE, "ts", "AccessDenied"),
    row(Edge(1), "storage:*:early=403@49000,xml=AccessDenied,manner=reset", STORAGE, "ts", "Acc"),
    row(Edge(0), "storage:1:early=503", DONE, "tsspp", ""),
    row(Edge(1), "storage:1:early=503", DONE, "tsspp", ""),
    row(Edge(0), "storage:1:early=409", DONE, "tspspp", ""),
    row(Edge(1), "storage:1:early=409", DONE, "tspspp", ""),
    row(Edge(1), "storage:1:early=403,xml=ExpiredToken", DONE, "tstspp", ""),
    row(Edge(0), "storage:1:refuse-expect", DONE, "tsspp", ""),
    row(Edge(0), "storage:1:cut=head", DONE, "tsspp", ""),
    row(Edge(1), "storage:1:cut=done", DONE, "tspp", ""),
    row(Edge(1), "storage:1:cut=body", DONE, "tspspp", ""),
];

/// Connections that end or stall on the way.
const BROKEN: &[Row] = &[
    row(Upload, "storage:1:cut=head", DONE, "tsspp", ""),
    row(Upload, "storage:1:cut=head,fin", DONE, "tsspp", ""),
    row(Big, "storage:1:cut=0", DONE, "tsspp", ""),
    row(Big, "storage:1:cut=65536", DONE, "tsspp", ""),
    row(Big, "storage:1:cut=65536,fin", DONE, "tspspp", ""),
    row(Big, "storage:1:cut=500000; storage:2:cut=65536,fin", DONE, "tsspspp", ""),
    row(Big, "storage:*:cut=65536", NETWORK, "tsss", "--region"),
    // The first used an idle connection that was closed by now: a new one is not a retry.
    row(Upload, "storage:*:cut=head", NETWORK, "tssss", "--region"),
    row(Upload, "storage:1:stall=head", DONE, "tspspp", ""),
    row(Big, "storage:1:stall=65536", DONE, "tsspp", ""),
    row(Big, "storage:*:stall=65536", NETWORK, "tsss", "stalled"),
    row(Big, "storage:1:slow-read=40000000", DONE, "tspp", ""),
    row(Upload, "storage:1:slow-answer=1ms", DONE, "tspp", ""),
    row(Upload, "storage:1:delay=100ms", DONE, "tspp", ""),
];

/// The last byte went out, and the answer did not say what became of it: `buildInfo` is asked
/// before a byte is sent again.
const LOST: &[Row] = &[
    row(Upload, "storage:1:cut=done", DONE, "tspp", ""),
    row(Upload, "storage:1:cut=done,fin", DONE, "tspp", ""),
    row(Upload, "storage:1:cut=answer", DONE, "tspp", ""),
    row(Upload, "storage:1:stall=done", DONE, "tspp", ""),
    row(Upload, "storage:1:stall=answer", DONE, "tspp", ""),
    row(Upload, "storage:1:cut=body", DONE, "tspspp", ""),
    row(Upload, "storage:1:stall=body", DONE, "tspspp", ""),
    row(Upload, "storage:1:status=203,done", DONE, "tspp", ""),
    row(Upload, "storage:1:status=203", DONE, "tspspp", ""),
    row(Upload, "storage:1:status=203,xml=CallbackFailed,done", DONE, "tspp", ""),
    row(Upload, "storage:1:status=409,done", DONE, "tspp", ""),
    row(Upload, "storage:1:status=409", DONE, "tspspp", ""),
    row(Upload, "storage:*:status=203", STORAGE, "tspspsp", "HTTP 203"),
    row(Upload, "storage:*:status=409", STORAGE, "tspspsp", "may still appear"),
    row(Upload, "storage:*:cut=body", NETWORK, "tspspsp", "may still appear"),
    row(Upload, "storage:*:stall=body", NETWORK, "tspspsp", "pgyer status --wait apps/"),
    row(Upload, "storage:1:cut=body; storage:2:expired", DONE, "tspsptspp", "published twice"),
    row(Upload, "storage:1:cut=body; storage:2:expired; token:2:code=1012", API, "tspspt", "apps/"),
    // The question itself may fail for a while; 1246 and 1247 are a yes.
    row(Upload, "storage:1:cut=done; poll:1:status=503", DONE, "tsppp", ""),
    row(Upload, "storage:1:cut=done; poll:1:code=1247", DONE, "tsppp", ""),
    row(Upload, "storage:1:cut=done; poll:*:code=1244", API, "tspsp", "1244"),
];

#[test]
fn answers_of_the_storage() {
    hold(ANSWERS);
}

#[test]
fn tokens_that_have_expired() {
    hold(EXPIRED);
}

#[test]
fn refusals_in_mid_body() {
    hold(EARLY);
}

#[test]
fn bodies_around_what_goes_out_unasked() {
    hold(EDGE);
}

#[test]
fn connections_to_the_storage() {
    hold(BROKEN);
}

#[test]
fn answers_that_get_lost() {
    hold(LOST);
}

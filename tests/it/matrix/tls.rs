//! What could differ behind TLS, where an answer has to be told from tickets and alerts, and an end
//! may come with its own word or without.

use super::Job::{Big, BigLegacy, Upload};
use super::{AUTH, DONE, NETWORK, Row, STORAGE, Way, hold_over, row};

const TLS: &[Row] = &[
    row(Upload, "", DONE, "tspp", ""),
    row(Big, "", DONE, "tspp", ""),
    // Early answers in their three manners, on the head and in mid-body.
    row(Big, "storage:*:early=403,xml=AccessDenied,manner=drain", STORAGE, "ts", "AccessDenied"),
    row(Big, "storage:*:early=403,xml=AccessDenied,manner=linger", STORAGE, "ts", "AccessDenied"),
    row(Big, "storage:*:early=403,xml=AccessDenied,manner=reset", STORAGE, "ts", "AccessDenied"),
    row(Big, "storage:*:early=403@65536,xml=AccessDenied", STORAGE, "ts", "RequestId"),
    row(
        Big,
        "storage:*:early=403@65536,xml=AccessDenied,manner=linger",
        STORAGE,
        "ts",
        "AccessDenied",
    ),
    row(
        Big,
        "storage:*:early=403@65536,xml=AccessDenied,manner=reset",
        STORAGE,
        "ts",
        "AccessDenied",
    ),
    row(Big, "storage:1:early=503@65536,manner=reset", DONE, "tsspp", ""),
    row(Big, "storage:1:early=403@65536,xml=ExpiredToken,manner=linger", DONE, "tstspp", ""),
    row(BigLegacy, "legacy:*:early=403@65536,code=1002,manner=reset", AUTH, "l", "1002"),
    // Ends and stalls.
    row(Upload, "token:1:cut=head; poll:1:cut=answer", DONE, "ttspp", ""),
    row(Upload, "token:1:cut=answer,fin; poll:1:cut=head,fin", DONE, "ttsppp", ""),
    row(Upload, "token:*:cut=answer,fin", NETWORK, "ttt", ""),
    row(Big, "storage:1:cut=65536", DONE, "tsspp", ""),
    row(Upload, "storage:1:cut=done", DONE, "tspp", ""),
    row(Upload, "storage:1:cut=answer,fin", DONE, "tspp", ""),
    row(Upload, "token:1:stall=head; poll:1:stall=answer", DONE, "ttspp", ""),
    // The relay's buffers may hide even this much: it may look as if all had been sent.
    row(Big, "storage:1:stall=65536", DONE, "ts*", ""),
    row(Upload, "storage:1:stall=done", DONE, "tspp", ""),
    row(Upload, "storage:1:refuse-expect", DONE, "tsspp", ""),
    row(Upload, "storage:1:ignore-expect", DONE, "tspp", ""),
    row(BigLegacy, "legacy:1:cut=65536", DONE, "ll", ""),
];

#[test]
fn faults_behind_tls() {
    hold_over(Way::Tls, TLS);
}

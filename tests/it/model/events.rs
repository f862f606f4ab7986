//! The events: what can happen to a request, as the sandbox's faults.

pub(super) const TOKEN: &[&str] = &[
    "status=503",
    "html",
    "code=1001",
    "code=1012",
    "code=0",
    "cut=head",
    "cut=done",
    "redirect=302",
];

pub(super) const POLL: &[&str] = &[
    "status=503",
    "html",
    "redirect=302",
    "cut=head",
    "cut=done",
    "stall=head",
    "truncated",
    "code=0",
    "code=1081",
    "code=1216",
    "code=1244",
    "code=1246",
    "code=1247",
];

/// With `done` the storage has the file whatever it says, without it has not.
pub(super) const STORAGE: &[&str] = &[
    "status=503,xml=SlowDown",
    "status=503,xml=SlowDown,done",
    "status=504,raw=late",
    "status=504,raw=late,done",
    "status=408",
    "status=408,done",
    "status=400,xml=RequestTimeout",
    "status=400,xml=RequestTimeout,done",
    "status=409",
    "status=409,done",
    "status=202",
    "status=202,done",
    "status=203,done",
    "status=206,done",
    "status=200,xml=InternalError",
    "status=200,xml=InternalError,done",
    "status=303",
    "status=303,done",
    "html",
    "html,done",
    "wrong-checksum",
    "expired",
    "expired=denied",
    "xml=AccessDenied",
    "cut=head",
    "cut=20000",
    "cut=20000,fin",
    "cut=body",
    "cut=done",
    "cut=done,fin",
    "cut=answer",
    "stall=head",
    "stall=done",
    "stall=answer",
    "early=503@20000,manner=reset",
    "early=204,manner=drain",
    "early=403@20000,xml=ExpiredToken,manner=reset",
    "early=409@20000,manner=drain",
    "truncated",
];

/// The storage claims what is not so, which only `buildInfo` can find out: not for a job that ends
/// with the storage's answer. (Of so short a body all has left the program when the last of them
/// comes.)
pub(super) const LIES: &[&str] =
    &["dropped", "status=204", "status=200", "early=204@20000,manner=reset"];
/// The same, where nobody asks `buildInfo` after a 203.
pub(super) const LIE_TO_ALL_BUT_PUT: &str = "status=203";

pub(super) const LEGACY: &[&str] = &[
    "status=503",
    "status=503,done",
    "status=417,done",
    "status=408,done",
    "html",
    "html,done",
    "code=0,done",
    "code=1001",
    "code=1216",
    "cut=head",
    "cut=20000",
    "cut=body",
    "cut=done",
    "cut=answer",
    "stall=done",
    "status=303,done",
    "truncated",
    "early=503@20000,manner=reset",
    "early=200@20000,code=0,manner=reset",
    "refuse-expect",
];

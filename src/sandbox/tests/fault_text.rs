//! Faults as text.

use proptest::prelude::*;

use super::super::{
    Endpoint, FAULT_HELP, Fault, Manner, Misbehaviour, Place, Reply, ReplyBody, When,
};
use super::*;

fn what(text: &str) -> Misbehaviour {
    text.parse().unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[test]
fn says_much_in_few_words() {
    let reply = Reply { retry_after: Some("2".into()), ..Reply::status(503) };
    assert_eq!(what("status=503,retry-after=2"), Misbehaviour::Reply(reply));
    assert_eq!(what("html"), what("status=200,html"));
    assert_eq!(what("xml=SlowDown"), what("status=403,xml=SlowDown"));
    assert_eq!(what("expired"), Misbehaviour::Reply(Reply::expired()));
    assert_eq!(what("expired=denied"), Misbehaviour::Reply(Reply::request_expired()));
    let reply = Reply::json(1216, "no, really");
    assert_eq!(what("code=1216,message=no, really"), Misbehaviour::Reply(reply));
    let early = what("early=403@65536,manner=reset,xml=AccessDenied,message=a");
    let reply = Reply::xml(403, "AccessDenied", "a");
    assert_eq!(early, Misbehaviour::Early { reply, after: Some(65536), manner: Manner::Reset });
    assert_eq!(what("delay=2"), Misbehaviour::Delay(Duration::from_secs(2)));
    let date = what("status=503,retry-after=Wed, 21 Oct 2026 07:28:00 GMT");
    let retry_after = Some("Wed, 21 Oct 2026 07:28:00 GMT".into());
    assert_eq!(date, Misbehaviour::Reply(Reply { retry_after, ..Reply::status(503) }));
}

#[test]
fn a_fault_names_its_endpoint_and_its_requests() {
    let fault: Fault = "token:2+:html".parse().unwrap();
    assert_eq!((fault.endpoint, fault.when), (Endpoint::Token, When::From(2)));
    assert!(!fault.strikes(Endpoint::Token, 1) && fault.strikes(Endpoint::Token, 3));
    assert!(!fault.strikes(Endpoint::Poll, 3));
    let fault: Fault = "poll:2:html".parse().unwrap();
    assert!(fault.strikes(Endpoint::Poll, 2) && !fault.strikes(Endpoint::Poll, 3));
    assert_eq!("poll:1+:html".parse::<Fault>().unwrap().to_string(), "poll:*:status=200,html");
}

#[test]
fn says_what_is_wrong() {
    for (text, said) in [
        ("", "ENDPOINT:WHEN:WHAT"),
        ("token:1", "ENDPOINT:WHEN:WHAT"),
        ("tokn:1:html", "`tokn` is no endpoint"),
        ("token:0:html", "`0` is neither"),
        ("token:x:html", "`x` is neither"),
        ("token:1:", "`` is no fault"),
        ("token:1:nonsense", "`nonsense` is no fault"),
        ("token:1:truncated=1", "no fault with a value"),
        ("token:1:status=99", "`99` is no final HTTP status"),
        ("token:1:status=600", "`600` is no final HTTP status"),
        ("token:1:html,x=1", "`x` does not go with"),
        ("token:1:html,code=1", "`code` does not go with"),
        ("token:1:status=1,status=2", "final"),
        ("token:1:early=403,status=403", "twice"),
        ("token:1:early=403,done", "`done` does not go"),
        ("token:1:early=403,manner=x", "linger, drain or reset"),
        ("token:1:stall", "`stall` needs a value"),
        ("token:1:stall=x", "`x` is not head"),
        ("token:1:cut=head,fin=1", "takes no value"),
        ("token:1:redirect=304", "no redirect"),
        ("token:1:delay=2x", "no duration"),
        ("token:1:delay=99999999999h", "no duration"),
        ("token:1:slow-read=0", "at least one"),
        ("token:1:expired=x", "neither"),
        ("token:1:wrong-checksum", "storage only"),
    ] {
        let error = text.parse::<Fault>().unwrap_err().to_string();
        assert!(error.contains(said), "{text}: {error}");
    }
}

#[test]
fn the_help_fits_and_its_examples_hold() {
    assert!(FAULT_HELP.lines().all(|line| line.len() <= 80));
    let examples = FAULT_HELP.lines().filter_map(|line| {
        let text = line.strip_prefix("  ")?.split("  ").next()?;
        Endpoint::ALL.iter().any(|e| text.starts_with(&format!("{e}:"))).then_some(text)
    });
    let faults: Vec<Fault> = examples.map(|text| text.parse().unwrap()).collect();
    assert_eq!(faults.len(), 6);
}

fn reply(done: bool) -> impl Strategy<Value = Reply> {
    let body = prop_oneof![
        Just(ReplyBody::Empty),
        Just(ReplyBody::Html),
        (any::<i64>(), any::<String>())
            .prop_map(|(code, message)| ReplyBody::Json { code, message }),
        (".*", ".*").prop_map(|(code, message)| ReplyBody::Xml { code, message }),
        "[a-c,% 25C=:]*".prop_map(ReplyBody::Raw),
    ];
    let retry_after = proptest::option::of("[a-c,% 25C=:]*");
    (200..600_u16, retry_after, body, any::<bool>()).prop_map(
        move |(status, retry_after, body, d)| Reply { status, retry_after, body, done: d && done },
    )
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        any::<u64>().prop_map(Place::Bytes),
        prop::sample::select(vec![Place::Head, Place::Body, Place::Done, Place::Answer]),
    ]
}

fn misbehaviour() -> impl Strategy<Value = Misbehaviour> {
    use Misbehaviour as M;
    let duration = || any::<u64>().prop_map(Duration::from_nanos);
    let manner = prop::sample::select(vec![Manner::Linger, Manner::Drain, Manner::Reset]);
    let redirect = prop::sample::select(vec![301_u16, 302, 303, 307, 308]);
    prop_oneof![
        reply(true).prop_map(M::Reply),
        (reply(false), any::<Option<u64>>(), manner).prop_map(|(reply, after, manner)| M::Early {
            reply,
            after,
            manner
        }),
        (redirect, any::<Option<String>>())
            .prop_map(|(status, location)| M::Redirect { status, location }),
        duration().prop_map(M::Delay),
        duration().prop_map(M::SlowAnswer),
        place().prop_map(M::Stall),
        (place(), any::<bool>()).prop_map(|(place, fin)| M::Cut { place, fin }),
        any::<Option<u64>>().prop_map(M::Huge),
        (1..u64::MAX).prop_map(M::SlowRead),
        prop::sample::select(vec![
            M::Truncated,
            M::WrongChecksum,
            M::Dropped,
            M::RefuseExpect,
            M::IgnoreExpect
        ]),
    ]
}

proptest! {
    #[test]
    fn every_fault_survives_being_text(what in misbehaviour(), first in 1..9_u64, on: bool) {
        let when = if on { When::From(first) } else { When::Nth(first) };
        let fault = Fault::new(Endpoint::Storage, when, what);
        let text = fault.to_string();
        prop_assert_eq!(text.parse::<Fault>(), Ok(fault), "{}", text);
    }

    #[test]
    fn no_text_is_too_strange(text in "(storage:1:)?[a-z=,:@0-9%+*. -]*|.*") {
        let _ = text.parse::<Fault>();
    }
}

//! Faults as text.

use proptest::prelude::*;

use super::super::fault::{BodyRest, Misbehaviour, Place, Reply, ReplyBody};
use super::super::{Endpoint, FAULT_HELP, Fault};
use super::*;

fn what(text: &str) -> Misbehaviour {
    let fault = format!("storage:1:{text}").parse::<Fault>();
    fault.unwrap_or_else(|e| panic!("{text}: {e}")).what
}

fn reply(status: u16, body: ReplyBody) -> Reply {
    Reply { status, retry_after: None, content_type: None, body, checksum: None, done: false }
}

fn xml(status: u16, code: &str, message: &str) -> Reply {
    reply(status, ReplyBody::Xml { code: code.into(), message: message.into() })
}

#[test]
fn says_much_in_few_words() {
    let after =
        |text: &str| Reply { retry_after: Some(text.into()), ..reply(503, ReplyBody::Empty) };
    assert_eq!(what("status=503,retry-after=2"), Misbehaviour::Reply(after("2")));
    assert_eq!(what("html"), what("status=200,html"));
    assert_eq!(what("xml=SlowDown"), what("status=403,xml=SlowDown"));
    assert_eq!(
        what("expired"),
        Misbehaviour::Reply(xml(403, "ExpiredToken", "The token has expired"))
    );
    assert_eq!(
        what("expired=denied"),
        Misbehaviour::Reply(xml(403, "AccessDenied", "Request has expired"))
    );
    let refused = ReplyBody::Json { code: 1216, message: "no, really".into() };
    assert_eq!(what("code=1216,message=no, really"), Misbehaviour::Reply(reply(200, refused)));
    let early = what("early=403@65536,manner=reset,xml=AccessDenied,message=a");
    let denied = xml(403, "AccessDenied", "a");
    let (after_bytes, rest) = (Some(65536), BodyRest::Reset);
    assert_eq!(early, Misbehaviour::Early { reply: denied, after: after_bytes, rest });
    assert_eq!(what("delay=2"), Misbehaviour::Delay(Duration::from_secs(2)));
    let date = what("status=503,retry-after=Wed, 21 Oct 2026 07:28:00 GMT");
    assert_eq!(date, Misbehaviour::Reply(after("Wed, 21 Oct 2026 07:28:00 GMT")));
    let stored = Reply { checksum: Some(false), done: true, ..reply(203, ReplyBody::Empty) };
    assert_eq!(what("status=203,done,checksum=wrong"), Misbehaviour::Reply(stored));
    assert_eq!(what("stall=65536"), Misbehaviour::Stall(Place::Bytes(65536)));
}

#[test]
fn a_fault_names_its_endpoint_and_its_requests() {
    let fault: Fault = "token:2+:html".parse().unwrap();
    assert_eq!((fault.endpoint, &fault.requests), (Endpoint::Token, &(2..=u64::MAX)));
    assert!(!fault.matches(Endpoint::Token, 1) && fault.matches(Endpoint::Token, 3));
    assert!(!fault.matches(Endpoint::Poll, 3));
    let fault: Fault = "poll:2:html".parse().unwrap();
    assert!(fault.matches(Endpoint::Poll, 2) && !fault.matches(Endpoint::Poll, 3));
    let fault: Fault = "poll:*:html".parse().unwrap();
    assert!(fault.matches(Endpoint::Poll, 1) && fault.matches(Endpoint::Poll, 9));
    assert_eq!(fault.to_string(), "poll:*:html");
}

#[test]
fn says_what_is_wrong() {
    for (text, said) in [
        ("", "ENDPOINT:WHEN:WHAT"),
        ("token:1", "ENDPOINT:WHEN:WHAT"),
        ("tokn:1:html", "`tokn` is not an endpoint"),
        ("token:0:html", "`0` is not N"),
        ("token:x:html", "`x` is not N"),
        ("token:1:", "`` is not a fault"),
        ("token:1:nonsense", "`nonsense` is not a fault"),
        ("token:1:truncated=1", "not a fault with a value"),
        ("token:1:status=99", "`99` is not a final HTTP status"),
        ("token:1:status=600", "`600` is not a final HTTP status"),
        ("token:1:html,x=1", "`x` does not go with"),
        ("token:1:html,code=1", "`code` does not go with"),
        ("token:1:status=1,status=2", "final"),
        ("token:1:early=403,status=403", "twice"),
        ("token:1:early=403,done", "`done` does not go"),
        ("storage:1:status=203,checksum=wrong", "goes with `done`"),
        ("storage:1:status=203,done,checksum=x", "`x` is not right or wrong"),
        ("token:1:early=403,manner=x", "linger, drain or reset"),
        ("token:1:stall", "`stall` is not a fault, or needs a value"),
        ("token:1:stall=x", "`x` is not head"),
        ("token:1:cut=head,fin=1", "takes no value"),
        ("token:1:redirect=304", "not a redirect"),
        ("token:1:delay=2x", "not a duration"),
        ("token:1:delay=99999999999h", "not a duration"),
        ("token:1:slow-read=0", "at least one"),
        ("token:1:expired=x", "`expired` is not a fault with a value"),
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

proptest! {
    #[test]
    fn no_text_is_too_strange(text in "(storage:1:)?[a-z=,:@0-9%+*. -]*|.*") {
        let _ = text.parse::<Fault>();
    }
}

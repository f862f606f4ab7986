//! What is under way, as data: the jobs, how fast they are, and what a line says of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::LINE_AT_MOST;

/// The rate is that of the last one or two spans of this length: steady enough to read, and soon
/// at zero when nothing moves.
const SPAN: Duration = Duration::from_secs(3);

/// No rate is worth showing after less.
const LEAST_SPAN: Duration = Duration::from_millis(200);

/// So many further tries of a request are told one by one.
const ALWAYS_TOLD: u32 = 3;

/// One FILE or KEY.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    step: Step,
    since: Instant,
    sending: Sending,
    speed: Speed,
    /// When a further try was last told.
    told: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Before the first byte of a file: what is being done is the command's to say.
    Starting(&'static str),
    Sending,
    /// Every byte is out, and the answer is not there yet.
    Sent,
    Publishing,
}

/// Bytes out, of how many, and how many a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sending {
    pub(super) sent: u64,
    pub(super) total: u64,
    pub(super) rate: f64,
}

/// What a line says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    /// A file's name, or how many files there are.
    pub(super) subject: String,
    pub(super) step: String,
    /// A word for the step where there is little room.
    pub(super) short_step: &'static str,
    pub(super) figures: Figures,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figures {
    Sending(Sending),
    /// How long it has taken so far.
    Lasting(Duration),
}

impl Job {
    pub(super) fn new(name: &str, doing: &'static str, now: Instant) -> Self {
        Self {
            name: name.to_owned(),
            step: Step::Starting(doing),
            since: now,
            sending: Sending::default(),
            speed: Speed::new(now),
            told: None,
        }
    }

    /// Whether a further try, the how manieth of its request, is to be told now: the first few
    /// always, the rest now and then. A build that is waited for may be asked for without end.
    pub(super) fn tells(&mut self, number: u32, now: Instant) -> bool {
        let is_recent =
            self.told.is_some_and(|told| now.saturating_duration_since(told) < LINE_AT_MOST);
        let tells = number <= ALWAYS_TOLD || !is_recent;
        if tells {
            self.told = Some(now);
        }
        tells
    }

    pub(super) fn set_step(&mut self, step: Step, now: Instant) {
        if self.step != step {
            self.step = step;
            self.since = now;
        }
    }

    pub(super) fn set_sent(&mut self, sent: u64, total: u64, now: Instant) {
        if self.step != Step::Sending || sent < self.sending.sent {
            // A first byte, or that of another try.
            self.speed = Speed::new(now);
        }
        self.sending = Sending { sent, total, rate: 0.0 };
        self.speed.note(sent, now);
        self.set_step(if sent < total { Step::Sending } else { Step::Sent }, now);
    }

    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// Its bytes so far, also when they are all out.
    pub(super) fn sending(&self) -> Sending {
        self.sending
    }

    fn sending_at(&mut self, now: Instant) -> Sending {
        let sent = self.sending.sent;
        self.speed.note(sent, now);
        let rate = if self.step == Step::Sending { self.speed.rate(sent, now) } else { 0.0 };
        Sending { rate, ..self.sending }
    }

    fn view(&mut self, now: Instant) -> View {
        let lasting = Figures::Lasting(now.saturating_duration_since(self.since));
        let (step, short_step, figures) = match self.step {
            Step::Starting(doing) => (doing, doing, lasting),
            Step::Sending => ("uploading", "up", Figures::Sending(self.sending_at(now))),
            Step::Sent => ("all sent, waiting for the answer", "all sent", lasting),
            Step::Publishing => ("publishing", "publishing", lasting),
        };
        View { subject: self.name.clone(), step: step.to_owned(), short_step, figures }
    }
}

/// Two points in time, and the bytes that had gone out by then.
#[derive(Debug)]
struct Speed {
    old: (Instant, u64),
    new: (Instant, u64),
}

impl Speed {
    fn new(now: Instant) -> Self {
        Self { old: (now, 0), new: (now, 0) }
    }

    fn note(&mut self, sent: u64, now: Instant) {
        if now.saturating_duration_since(self.new.0) >= SPAN {
            self.old = self.new;
            self.new = (now, sent);
        }
    }

    fn rate(&self, sent: u64, now: Instant) -> f64 {
        let span = now.saturating_duration_since(self.old.0).max(LEAST_SPAN);
        sent.saturating_sub(self.old.1) as f64 / span.as_secs_f64()
    }
}

/// What has ended.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) files: usize,
    pub(super) bytes: u64,
}

/// One job as it is, several as their sum.
pub(super) fn view(jobs: &mut BTreeMap<usize, Job>, done: &Done, now: Instant) -> Option<View> {
    if jobs.len() > 1 {
        return Some(sum(jobs, done, now));
    }
    jobs.values_mut().next().map(|job| job.view(now))
}

fn sum(jobs: &mut BTreeMap<usize, Job>, done: &Done, now: Instant) -> View {
    let mut all = Sending { sent: done.bytes, total: done.bytes, rate: 0.0 };
    let mut longest = Duration::ZERO;
    for job in jobs.values_mut() {
        let sending = job.sending_at(now);
        all.sent = all.sent.saturating_add(sending.sent);
        all.total = all.total.saturating_add(sending.total);
        all.rate += sending.rate;
        longest = longest.max(now.saturating_duration_since(job.since));
    }
    let count = |is: fn(&Step) -> bool| jobs.values().filter(|job| is(&job.step)).count();
    let starting = count(|step| matches!(step, Step::Starting(_)));
    let uploading = count(|step| matches!(step, Step::Sending | Step::Sent));
    let publishing = count(|step| *step == Step::Publishing);
    let counts = [
        (starting, "starting"),
        (uploading, "uploading"),
        (publishing, "publishing"),
        (done.files, "done"),
    ];
    let said: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, step)| format!("{n} {step}")).collect();
    let (short_step, figures) = if uploading > 0 {
        ("up", Figures::Sending(all))
    } else if publishing > 0 {
        ("publishing", Figures::Lasting(longest))
    } else {
        ("starting", Figures::Lasting(longest))
    };
    let subject = format!("{} files", jobs.len().saturating_add(done.files));
    View { subject, step: said.join(", "), short_step, figures }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    fn rate(job: &mut Job, now: Instant) -> f64 {
        match job.view(now).figures {
            Figures::Sending(sending) => sending.rate / MIB as f64,
            Figures::Lasting(_) => f64::NAN,
        }
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds() {
        let start = Instant::now();
        let mut job = Job::new("a", "starting", start);
        // 10 MiB/s for 10 s, then 1 MiB/s for 10 s, then nothing.
        for tick in 0..=100 {
            job.set_sent(tick * MIB, 500 * MIB, at(start, tick * 100));
        }
        assert!((rate(&mut job, at(start, 10_000)) - 10.0).abs() < 0.5);
        for tick in 1..=100 {
            job.set_sent(100 * MIB + tick * MIB / 10, 500 * MIB, at(start, 10_000 + tick * 100));
        }
        assert!((rate(&mut job, at(start, 20_000)) - 1.0).abs() < 0.1);
        for tick in 0..=70 {
            rate(&mut job, at(start, 20_000 + tick * 100));
        }
        assert_eq!(rate(&mut job, at(start, 27_000)), 0.0);
    }

    #[test]
    fn of_many_tries_the_first_are_told_and_then_one_in_ten_seconds() {
        let start = Instant::now();
        let mut job = Job::new("a", "starting", start);
        let told: Vec<u32> = (1..=14)
            .filter(|number| job.tells(*number, at(start, u64::from(*number) * 3000)))
            .collect();
        assert_eq!(told, [1, 2, 3, 7, 11]);
        assert!(job.tells(1, at(start, 42_000)));
    }

    #[test]
    fn another_try_begins_anew() {
        let start = Instant::now();
        let mut job = Job::new("a", "starting", start);
        job.set_sent(0, 100 * MIB, start);
        job.set_sent(80 * MIB, 100 * MIB, at(start, 1000));
        job.set_sent(0, 100 * MIB, at(start, 20_000));
        job.set_sent(4 * MIB, 100 * MIB, at(start, 21_000));
        assert!((rate(&mut job, at(start, 21_000)) - 4.0).abs() < 0.1);
    }

    #[test]
    fn the_wait_has_its_time_and_what_is_sent_is_said() {
        let start = Instant::now();
        let mut job = Job::new("app.apk", "starting", start);
        job.set_sent(7, 7, start);
        assert_eq!(job.view(at(start, 1000)).step, "all sent, waiting for the answer");
        job.set_step(Step::Publishing, at(start, 2000));
        job.set_step(Step::Publishing, at(start, 5000));
        let view = job.view(at(start, 9000));
        assert_eq!(view.step, "publishing");
        assert_eq!(view.figures, Figures::Lasting(Duration::from_secs(7)));
    }

    #[test]
    fn several_are_summed_with_what_is_done() {
        let start = Instant::now();
        let job = || Job::new("a", "starting", start);
        let mut jobs = BTreeMap::from([(2, job()), (3, job()), (4, job())]);
        jobs.get_mut(&2).unwrap().set_sent(10, 10, start);
        jobs.get_mut(&2).unwrap().set_step(Step::Publishing, start);
        jobs.get_mut(&3).unwrap().set_sent(5, 30, start);
        let done = Done { files: 2, bytes: 60 };
        let view = view(&mut jobs, &done, at(start, 500)).unwrap();
        assert_eq!(view.subject, "5 files");
        assert_eq!(view.step, "1 starting, 1 uploading, 1 publishing, 2 done");
        assert_eq!(view.figures, Figures::Sending(Sending { sent: 75, total: 100, rate: 10.0 }));
    }
}

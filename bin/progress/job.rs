//! The jobs that are running, as data: how fast they are, and what a line says about them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::MIN_LOG_INTERVAL;

/// The rate is measured over the last one or two spans of this length: steady enough to read, and
/// soon zero when nothing moves.
const SPAN: Duration = Duration::from_secs(3);

/// The shortest span to measure a rate over. A shorter one would show nonsense.
const MIN_SPAN: Duration = Duration::from_millis(200);

/// The number of retries of a request that are announced individually.
const ALWAYS_ANNOUNCED: u32 = 3;

/// One FILE or KEY.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) name: String,
    step: Step,
    since: Instant,
    sending: Sending,
    speed: Speed,
    /// When a retry was last announced.
    announced: Option<Instant>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Before the first byte of a file is sent; the word is the command's.
    Starting(&'static str),
    Sending,
    /// Every byte has been sent; the answer is outstanding.
    Sent,
    Publishing,
}

/// Bytes sent, bytes in all, and bytes per second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Sending {
    pub(super) sent: u64,
    pub(super) total: u64,
    pub(super) rate: f64,
}

/// The content of a line, before its layout.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct View {
    /// A file's name, or the number of files.
    pub(super) subject: String,
    pub(super) step: String,
    /// A word for the step where there is little room.
    pub(super) short_step: &'static str,
    pub(super) figures: Figures,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Figures {
    Sending(Sending),
    /// How long the step has taken so far.
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
            announced: None,
        }
    }

    /// Whether to announce retry `number` of a request now: the first few always, later ones at
    /// most every ten seconds, because a build that is waited for may be polled without end.
    pub(super) fn announces(&mut self, number: u32, now: Instant) -> bool {
        let is_recent = self
            .announced
            .is_some_and(|announced| now.saturating_duration_since(announced) < MIN_LOG_INTERVAL);
        let announces = number <= ALWAYS_ANNOUNCED || !is_recent;
        if announces {
            self.announced = Some(now);
        }
        announces
    }

    pub(super) fn set_step(&mut self, step: Step, now: Instant) {
        if self.step != step {
            self.step = step;
            self.since = now;
        }
    }

    pub(super) fn set_sent(&mut self, sent: u64, total: u64, now: Instant) {
        if self.step != Step::Sending || sent < self.sending.sent {
            // The first byte of an attempt.
            self.speed = Speed::new(now);
        }
        self.sending = Sending { sent, total, rate: 0.0 };
        self.speed.note(sent, now);
        self.set_step(if sent < total { Step::Sending } else { Step::Sent }, now);
    }

    /// Its bytes so far, also once they have all been sent.
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

/// Two points in time, and the bytes that had been sent by then.
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
        let span = now.saturating_duration_since(self.old.0).max(MIN_SPAN);
        sent.saturating_sub(self.old.1) as f64 / span.as_secs_f64()
    }
}

/// The jobs that have ended, well or not.
#[derive(Debug, Default)]
pub(super) struct Ended {
    pub(super) files: usize,
    pub(super) bytes: u64,
}

/// The view of a single job, or of several as their sum.
pub(super) fn view(jobs: &mut BTreeMap<usize, Job>, ended: &Ended, now: Instant) -> Option<View> {
    if jobs.len() > 1 {
        return Some(sum(jobs, ended, now));
    }
    jobs.values_mut().next().map(|job| job.view(now))
}

fn sum(jobs: &mut BTreeMap<usize, Job>, ended: &Ended, now: Instant) -> View {
    let count = |is: fn(&Step) -> bool| jobs.values().filter(|job| is(&job.step)).count();
    let counts = [
        (count(|step| matches!(step, Step::Starting(_))), "starting"),
        (count(|step| matches!(step, Step::Sending | Step::Sent)), "uploading"),
        (count(|step| *step == Step::Publishing), "publishing"),
        (ended.files, "done"),
    ];
    let [_, (uploading, _), (publishing, _), _] = counts;
    let steps: Vec<String> =
        counts.iter().filter(|(n, _)| *n > 0).map(|(n, step)| format!("{n} {step}")).collect();
    let (short_step, figures) = if uploading > 0 {
        ("up", Figures::Sending(all_sending(jobs, ended, now)))
    } else if publishing > 0 {
        ("publishing", longest(jobs, now))
    } else {
        ("starting", longest(jobs, now))
    };
    let subject = format!("{} files", jobs.len() + ended.files);
    View { subject, step: steps.join(", "), short_step, figures }
}

fn all_sending(jobs: &mut BTreeMap<usize, Job>, ended: &Ended, now: Instant) -> Sending {
    let mut all = Sending { sent: ended.bytes, total: ended.bytes, rate: 0.0 };
    for job in jobs.values_mut() {
        let sending = job.sending_at(now);
        all.sent += sending.sent;
        all.total += sending.total;
        all.rate += sending.rate;
    }
    all
}

fn longest(jobs: &BTreeMap<usize, Job>, now: Instant) -> Figures {
    let lasting = jobs.values().map(|job| now.saturating_duration_since(job.since));
    Figures::Lasting(lasting.max().unwrap_or_default())
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
    fn of_many_retries_the_first_are_announced_and_then_one_in_ten_seconds() {
        let start = Instant::now();
        let mut job = Job::new("a", "starting", start);
        let announced: Vec<u32> = (1..=14)
            .filter(|number| job.announces(*number, at(start, u64::from(*number) * 3000)))
            .collect();
        assert_eq!(announced, [1, 2, 3, 7, 11]);
        assert!(job.announces(1, at(start, 42_000)));
    }

    #[test]
    fn another_attempt_begins_anew() {
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
        let ended = Ended { files: 2, bytes: 60 };
        let view = view(&mut jobs, &ended, at(start, 500)).unwrap();
        assert_eq!(view.subject, "5 files");
        assert_eq!(view.step, "1 starting, 1 uploading, 1 publishing, 2 done");
        assert_eq!(view.figures, Figures::Sending(Sending { sent: 75, total: 100, rate: 10.0 }));
    }
}

//! Many packages, a limited number of uploads at a time: what is stored waits for its publishing
//! beside the next upload.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, Scope};

use crate::client::Client;
use crate::error::Result;
use crate::package::Package;
use crate::publish::{Published, UploadOptions};

/// How many items may wait to be published while others upload. Each costs a thread, which is
/// cheap, and an open file.
const MAX_WAITING: usize = 64;

/// The turn of one item in a [`pipeline`].
pub struct Turn<'a> {
    /// Begins with the next item, and returns whether that was possible.
    begin_next: &'a dyn Fn() -> bool,
    is_passed: Cell<bool>,
}

impl Turn<'_> {
    /// Lets the next item begin. Without it, the next one begins when this one has ended.
    pub fn pass(&self) {
        if !self.is_passed.get() {
            self.is_passed.set((self.begin_next)());
        }
    }
}

impl fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Turn(passed: {})", self.is_passed.get())
    }
}

impl Client {
    /// Publishes many packages: `jobs` uploads at a time, and what is stored waits for its
    /// publishing beside the next upload. Calls `report` with each result in the order of the
    /// packages, on this thread, and as soon as those before it are reported. A failure does not
    /// stop the others.
    ///
    /// Up to 64 packages are waited for at a time, each in a thread of its own. The observer is
    /// called from all of these threads; to tell the packages apart, give each a client with an
    /// observer of its own in a [`pipeline`].
    ///
    /// ```no_run
    /// # fn f(client: &pgyer::Client) -> pgyer::Result<()> {
    /// use pgyer::{Package, UploadOptions};
    ///
    /// let paths = ["phone.apk", "tablet.apk", "phone.ipa"];
    /// let packages = paths.iter().map(Package::open).collect::<pgyer::Result<Vec<_>>>()?;
    /// client.publish_all(&packages, &UploadOptions::default(), 1, |package, result| match result {
    ///     Ok(published) => println!("{}: {:?}", package.path().display(), published.build),
    ///     Err(error) => println!("{}: {}", package.path().display(), error.report()),
    /// });
    /// # Ok(()) }
    /// ```
    pub fn publish_all(
        &self,
        packages: &[Package],
        options: &UploadOptions,
        jobs: usize,
        mut report: impl FnMut(&Package, Result<Published>),
    ) {
        let publish = |_, package: &Package, turn: &Turn<'_>| {
            let stored = self.store(package, options)?;
            turn.pass();
            stored.wait(package, options)
        };
        let mut reported = packages.iter();
        pipeline(packages, jobs, publish, |result| {
            if let Some(package) = reported.next() {
                report(package, result);
            }
        });
    }
}

/// Does `work` with each item, `jobs` at a time, and calls `report` with each result in the order
/// of the items, as soon as those before it are reported. `work` also gets the number of the item,
/// from 0, and its [`Turn`]: once that is passed, the next item begins although this one still
/// takes time. [`Client::publish_all`] is this, with uploads.
///
/// A single item is worked on in this thread. Several get threads of their own, so that a slow
/// `report` does not hold up the work; if no thread can be had, this one does all of it.
///
/// ```no_run
/// # fn f(client: &pgyer::Client) -> pgyer::Result<()> {
/// use pgyer::{Package, UploadOptions};
///
/// let options = UploadOptions::default();
/// pgyer::pipeline(&["phone.apk", "tablet.apk"], 1, |number, path, turn| {
///     let client = client.with_observer(move |event| eprintln!("{number}: {event:?}"));
///     let package = Package::open(path)?;
///     let stored = client.store(&package, &options)?;
///     turn.pass();
///     stored.wait(&package, &options)
/// }, |result| println!("{result:?}"));
/// # Ok(()) }
/// ```
pub fn pipeline<I: Sync, T: Send>(
    items: &[I],
    jobs: usize,
    work: impl Fn(usize, &I, &Turn<'_>) -> T + Sync,
    mut report: impl FnMut(T),
) {
    let max_threads = jobs.saturating_add(MAX_WAITING);
    let (taken, threads) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let queue = Queue { items, work, taken, threads, max_threads };
    let (results, received) = mpsc::channel();
    if items.len() > 1 {
        thread::scope(|scope| {
            // Fewer threads than were asked for do the same work, only later.
            let _ = (0..jobs.max(1)).all(|_| queue.start_thread(scope, results.clone()));
            drop(results);
            in_order(received, &mut report);
        });
    }
    // What no thread has taken: everything, or nothing.
    while let Some((number, item)) = queue.next() {
        // Passing this turn does nothing: no thread is left that could take the next item.
        let turn = Turn { begin_next: &|| false, is_passed: Cell::new(false) };
        report((queue.work)(number, item, &turn));
    }
}

/// The items, and the threads that work on them. A thread works on one item after another. When it
/// passes its turn, it starts a successor for the next items and only finishes its own: so `jobs`
/// threads are uploading, and up to [`MAX_WAITING`] more are waiting.
struct Queue<'i, I, W> {
    items: &'i [I],
    work: W,
    taken: AtomicUsize,
    threads: AtomicUsize,
    max_threads: usize,
}

impl<I: Sync, W: Sync> Queue<'_, I, W> {
    fn next(&self) -> Option<(usize, &I)> {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        Some((number, self.items.get(number)?))
    }

    /// Starts a thread for the next items, and returns whether that was possible and needed.
    fn start_thread<'scope, T: Send + 'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        results: Sender<(usize, T)>,
    ) -> bool
    where
        W: Fn(usize, &I, &Turn<'_>) -> T,
    {
        let run = move || {
            self.run(scope, &results);
            self.threads.fetch_sub(1, Ordering::Relaxed);
        };
        let is_needed = self.taken.load(Ordering::Relaxed) < self.items.len();
        // Counted before it is known to be allowed: several threads may get here at once.
        let is_allowed = self.threads.fetch_add(1, Ordering::Relaxed) < self.max_threads;
        let is_started =
            is_needed && is_allowed && thread::Builder::new().spawn_scoped(scope, run).is_ok();
        if !is_started {
            self.threads.fetch_sub(1, Ordering::Relaxed);
        }
        is_started
    }

    /// Works on one item after another, until there are none or the turn has been passed.
    fn run<'scope, T: Send + 'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        results: &Sender<(usize, T)>,
    ) where
        W: Fn(usize, &I, &Turn<'_>) -> T,
    {
        let begin_next = || self.start_thread(scope, results.clone());
        while let Some((number, item)) = self.next() {
            let turn = Turn { begin_next: &begin_next, is_passed: Cell::new(false) };
            let result = (self.work)(number, item, &turn);
            if results.send((number, result)).is_err() || turn.is_passed.get() {
                return;
            }
        }
    }
}

fn in_order<T>(results: Receiver<(usize, T)>, report: &mut impl FnMut(T)) {
    let mut early = BTreeMap::new();
    let mut next = 0;
    for (number, result) in results {
        early.insert(number, result);
        while let Some(result) = early.remove(&next) {
            report(result);
            next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Condvar, Mutex};
    use std::time::Duration;

    /// What the items of a test have done, for others to wait for.
    #[derive(Default)]
    struct Log {
        entries: Mutex<Vec<String>>,
        changed: Condvar,
    }

    impl Log {
        fn note(&self, entry: String) {
            self.entries.lock().unwrap().push(entry);
            self.changed.notify_all();
        }

        /// Waits for so many entries that begin like this.
        fn wait_for(&self, start: &str, count: usize) {
            let is_missing = |entries: &mut Vec<String>| {
                entries.iter().filter(|entry| entry.starts_with(start)).count() < count
            };
            let limit = Duration::from_secs(20);
            let entries = self.entries.lock().unwrap();
            let waited = self.changed.wait_timeout_while(entries, limit, is_missing).unwrap();
            assert!(!waited.1.timed_out(), "{start}, {count}: {:?}", waited.0);
        }
    }

    fn reports(
        items: usize,
        jobs: usize,
        work: impl Fn(usize, &Turn<'_>) -> usize + Sync,
    ) -> Vec<usize> {
        let mut reported = Vec::new();
        let items = vec![(); items];
        pipeline(&items, jobs, |number, (), turn| work(number, turn), |n| reported.push(n));
        reported
    }

    #[test]
    fn reports_are_in_the_order_of_the_items() {
        for jobs in [0, 1, 2, 3, 9] {
            let log = Log::default();
            let work = |number: usize, turn: &Turn<'_>| {
                turn.pass();
                if number == 0 {
                    log.wait_for("end", 4);
                }
                log.note(format!("end {number}"));
                number
            };
            assert_eq!(reports(5, jobs, work), [0, 1, 2, 3, 4], "{jobs}");
        }
        assert_eq!(reports(1, 8, |number, _| number), [0]);
        assert_eq!(reports(0, 8, |number, _| number), [0; 0]);
    }

    #[test]
    fn what_has_passed_its_turn_holds_nothing_up_and_what_has_not_does() {
        for jobs in [1, 2, 3] {
            let (log, on_turn, most) = (Log::default(), AtomicUsize::new(0), AtomicUsize::new(0));
            let work = |number: usize, turn: &Turn<'_>| {
                most.fetch_max(on_turn.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                if number < jobs {
                    log.note("first".to_owned());
                    log.wait_for("first", jobs);
                }
                on_turn.fetch_sub(1, Ordering::SeqCst);
                turn.pass();
                turn.pass();
                log.note(format!("passed {number}"));
                log.wait_for("passed", 12);
                number
            };
            assert_eq!(reports(12, jobs, work).len(), 12);
            assert_eq!(most.into_inner(), jobs);
        }
    }

    #[test]
    fn the_number_of_threads_is_limited() {
        let (log, running, most) = (Log::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |number: usize, turn: &Turn<'_>| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            log.note("begun".to_owned());
            turn.pass();
            log.wait_for("begun", MAX_WAITING + 2);
            running.fetch_sub(1, Ordering::SeqCst);
            number
        };
        assert_eq!(reports(5 * MAX_WAITING, 2, work).len(), 5 * MAX_WAITING);
        assert_eq!(most.into_inner(), MAX_WAITING + 2);
    }
}

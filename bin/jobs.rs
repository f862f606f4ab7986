//! Works on several files at a time, and reports them in the order of the arguments.

use std::collections::BTreeMap;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Works on the files, `jobs` at a time, and reports each as soon as those before it are reported.
/// `work` gets the number of a file with its path.
///
/// A single file is worked on in this thread. Several get threads of their own, so that somebody
/// who reads the reports slowly does not hold up the work. Where no thread can be had, this one
/// does all of it.
pub(crate) fn run<T: Send>(
    files: &[PathBuf],
    jobs: usize,
    work: impl Fn(usize, &Path) -> T + Sync,
    mut report: impl FnMut(T),
) {
    let taken = AtomicUsize::new(0);
    let take = || {
        let number = taken.fetch_add(1, Ordering::Relaxed);
        Some((number, files.get(number)?))
    };
    let threads = if files.len() == 1 { 0 } else { jobs.min(files.len()) };
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        // Fewer threads than were asked for do the same work, only later.
        for _ in 0..threads {
            let (sender, work) = (sender.clone(), &work);
            let worker = move || {
                let mut results =
                    iter::from_fn(take).map(|(number, file)| (number, work(number, file)));
                results.try_for_each(|result| sender.send(result))
            };
            if thread::Builder::new().spawn_scoped(scope, worker).is_err() {
                break;
            }
        }
        drop(sender);
        in_order(receiver, &mut report);
    });
    // What no thread has taken: everything, or nothing.
    for (number, file) in iter::from_fn(take) {
        report(work(number, file));
    }
}

fn in_order<T>(results: mpsc::Receiver<(usize, T)>, report: &mut impl FnMut(T)) {
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
    use std::time::Duration;

    /// The order of the reports, where the first file takes longest.
    fn reports(files: usize, jobs: usize) -> Vec<usize> {
        let files = vec![PathBuf::from("a"); files];
        let mut reported = Vec::new();
        let work = |number: usize, _: &Path| {
            thread::sleep(Duration::from_millis(if number == 0 { 30 } else { 0 }));
            number
        };
        run(&files, jobs, work, |number| reported.push(number));
        reported
    }

    #[test]
    fn reports_are_in_the_order_of_the_files() {
        for jobs in [1, 2, 3, 9] {
            assert_eq!(reports(5, jobs), [0, 1, 2, 3, 4], "{jobs}");
        }
        assert_eq!(reports(1, 8), [0]);
        assert_eq!(reports(0, 8), [0; 0]);
    }
}

//! What a request does that the service accepts and the vendor's page does not say.

use std::cell::RefCell;

/// The deviations of one request. Whoever reads a part of it adds what it met; only once the
/// request is about to be carried out are they looked at.
pub(super) struct Deviations {
    strict: bool,
    found: RefCell<Vec<String>>,
}

impl Deviations {
    pub(super) fn new(strict: bool) -> Self {
        Self { strict, found: RefCell::default() }
    }

    /// Adds a deviation: a phrase that goes on after "accepted, but".
    pub(super) fn add(&self, what: impl Into<String>) {
        let what = what.into();
        let mut found = self.found.borrow_mut();
        if !found.contains(&what) {
            found.push(what);
        }
    }

    /// Returns the deviation to refuse the request for: the first one, if requests are strict.
    pub(super) fn refused(&self) -> Option<String> {
        self.found.borrow().first().filter(|_| self.strict).cloned()
    }

    pub(super) fn list(&self) -> Vec<String> {
        self.found.borrow().clone()
    }
}

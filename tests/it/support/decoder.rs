//! Reads a form with the `multipart` crate, which shares nothing with ours: for the tests
//! here, for the library's own, and for `fuzz/`; both build this file in.

use std::io::Read;

use multipart::server::Multipart;

/// A part of a form: name, file name, content.
pub(crate) type Part = (String, Option<String>, Vec<u8>);

pub(crate) fn decode(boundary: &str, body: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut form = Multipart::with_body(body, boundary);
    while let Some(mut part) = form.read_entry().expect("the form is whole") {
        let mut content = Vec::new();
        part.data.read_to_end(&mut content).expect("the part is whole");
        parts.push((part.headers.name.to_string(), part.headers.filename, content));
    }
    parts
}

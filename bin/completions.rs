pub(crate) fn script(_: &str) -> Option<String> {
    None
}

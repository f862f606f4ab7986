//! A QR code of the install page as a picture.

use qrcodegen::{QrCode, QrCodeEcc};

use crate::BuildInfo;

/// The width of the light margin, without which readers do not find the code.
const QUIET_ZONE: i32 = 4;

/// The width of a module in a picture that is shown at its own size.
const PIXELS: i32 = 8;

impl BuildInfo {
    /// Returns a QR code of the install page as an SVG picture; `None` if there is no page, or its
    /// address is too long for a code. Needs the feature `qr`.
    ///
    /// ```
    /// let mut build = pgyer::BuildInfo::default();
    /// build.shortcut_url = "b506".into();
    /// assert!(build.qr_svg().unwrap().starts_with("<svg "));
    /// ```
    pub fn qr_svg(&self) -> Option<String> {
        let code = QrCode::encode_text(&self.install_url()?, QrCodeEcc::Low).ok()?;
        Some(svg(&code))
    }
}

fn svg(code: &QrCode) -> String {
    let size = code.size() + 2 * QUIET_ZONE;
    let pixels = size * PIXELS;
    let mut dark = String::new();
    for y in 0..code.size() {
        for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
            dark += &format!("M{} {}h1v1h-1z", x + QUIET_ZONE, y + QUIET_ZONE);
        }
    }
    // Crisp edges: no hairlines between neighbours.
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
         viewBox=\"0 0 {size} {size}\" shape-rendering=\"crispEdges\">\n\
         <path fill=\"#fff\" d=\"M0 0h{size}v{size}H0z\"/>\n<path d=\"{dark}\"/>\n</svg>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_page_or_room_there_is_no_code() {
        let mut build = BuildInfo::default();
        assert_eq!(build.qr_svg(), None);
        build.shortcut_url = "x".repeat(5000);
        assert_eq!(build.qr_svg(), None);
    }
}

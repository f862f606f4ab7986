//! Which proxy a URL goes through: pure rules, as curl has them.

use std::env;
use std::ffi::OsString;

use super::no_proxy::NoProxy;
use super::proxy::Proxy;
use super::url::Url;
use crate::error::{Error, Result};
use crate::redact::Redactor;

/// The proxies to use, and the hosts that are reached without one. `localhost` and loopback
/// addresses always are.
///
/// ```
/// use pgyer::{Client, Proxies};
///
/// let proxies = Proxies::from_env().with_proxy("socks5h://proxy.example.com:1080")?;
/// let client = Client::builder().proxies(proxies).build()?;
/// # Ok::<(), pgyer::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proxies {
    /// Goes before the three below.
    explicit: Option<Setting<Proxy>>,
    https: Option<Setting<Proxy>>,
    http: Option<Setting<Proxy>>,
    all: Option<Setting<Proxy>>,
    direct: Option<Setting<NoProxy>>,
}

/// What a variable says, or what is wrong with it. That is an error only once a URL needs it:
/// desktops set variables that no request of this program would use, and that not every program
/// understands (GNOME's `all_proxy=socks://…`, beside an `https_proxy` that is fine).
#[derive(Debug, Clone, PartialEq, Eq)]
struct Setting<T>(Result<T, String>);

impl<T> Setting<T> {
    fn get(&self) -> Result<&T> {
        self.0.as_ref().map_err(Error::usage)
    }
}

impl Proxies {
    /// Reads the environment of this process: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and
    /// `NO_PROXY`, as [`from_variables`](Self::from_variables) says. The library looks at them
    /// nowhere else.
    #[must_use]
    pub fn from_env() -> Self {
        Self::from_variables(|name| env::var_os(name))
    }

    /// Reads the variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, in lower case
    /// first. An empty one counts as not set.
    ///
    /// One that is not the URL of a proxy, or not UTF-8, is an [`Error::Usage`] as soon as
    /// a URL would go through it: [`ClientBuilder::build`](crate::ClientBuilder::build) fails for
    /// the API's URL, and an upload for the storage's. Where nothing would use it, it does no harm.
    ///
    /// ```
    /// use pgyer::Proxies;
    ///
    /// let proxies = Proxies::from_variables(|name| match name {
    ///     "HTTPS_PROXY" => Some("http://proxy.example.com:3128"),
    ///     "NO_PROXY" => Some("internal.example.com,10.0.0.0/8"),
    ///     _ => None,
    /// });
    /// ```
    #[must_use]
    pub fn from_variables<T: Into<OsString>>(variable: impl Fn(&str) -> Option<T>) -> Self {
        let proxy = |name| setting(&variable, name, Proxy::from_variable);
        Self {
            explicit: None,
            https: proxy("HTTPS_PROXY"),
            http: proxy("HTTP_PROXY"),
            all: proxy("ALL_PROXY"),
            direct: setting(&variable, "NO_PROXY", |_, value| Ok(NoProxy::parse(value))),
        }
    }

    /// Uses this proxy for every URL but those that `NO_PROXY` names. `http://`, `https://`,
    /// `socks5://` (names are looked up here) and `socks5h://` (names are looked up by the proxy),
    /// with or without a user and password.
    ///
    /// # Errors
    /// [`Error::Usage`] when it is not the URL of a proxy.
    ///
    /// ```
    /// use pgyer::Proxies;
    /// assert!(Proxies::default().with_proxy("http://name:word@proxy.example.com:3128").is_ok());
    /// assert!(Proxies::default().with_proxy("ftp://proxy.example.com").is_err());
    /// ```
    pub fn with_proxy(mut self, url: &str) -> Result<Self> {
        let proxy =
            Proxy::parse(url).map_err(|problem| Error::usage(format!("the proxy: {problem}")))?;
        self.explicit = Some(Setting(Ok(proxy)));
        Ok(self)
    }

    /// The proxy for a URL; `None` if it is reached directly.
    pub(crate) fn choose(&self, url: &Url) -> Result<Option<&Proxy>> {
        let of_scheme = if url.is_tls() { &self.https } else { &self.http };
        let proxy = self.explicit.as_ref().or(of_scheme.as_ref()).or(self.all.as_ref());
        let Some(proxy) = proxy.filter(|_| !url.is_loopback()) else { return Ok(None) };
        let direct = self.direct.as_ref().map(Setting::get).transpose()?;
        if direct.is_some_and(|direct| direct.covers(url.host(), url.port())) {
            return Ok(None);
        }
        proxy.get().map(Some)
    }

    /// Adds the passwords to what must not be shown.
    pub(crate) fn redact(&self, redactor: &Redactor) {
        let settings = [&self.explicit, &self.https, &self.http, &self.all].into_iter().flatten();
        for (user, password) in settings.flat_map(Setting::get).flat_map(Proxy::credentials) {
            if !password.is_empty() {
                redactor.add(password);
                // What `Proxy-Authorization` has.
                redactor.add(&format!("{user}:{password}"));
            }
        }
    }
}

/// The variable of this name, in lower case or else as it is, and what `parse` makes of it.
fn setting<V: Into<OsString>, T>(
    variable: impl Fn(&str) -> Option<V>,
    name: &str,
    parse: impl Fn(&str, &str) -> Result<T, String>,
) -> Option<Setting<T>> {
    [name.to_ascii_lowercase(), name.to_owned()].iter().find_map(|name| {
        let value = variable(name).map(Into::into).filter(|value| !value.is_empty())?;
        let parsed = value.to_str().ok_or_else(|| "it is not UTF-8".to_owned());
        let parsed = parsed.and_then(|value| parse(name, value));
        Some(Setting(parsed.map_err(|problem| format!("the variable {name}: {problem}"))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        let owned: Vec<(String, String)> =
            variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Proxies::from_variables(move |name| {
            owned.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
        })
    }

    fn chosen(proxies: &Proxies, url: &str) -> Option<String> {
        proxies.choose(&Url::parse(url).unwrap()).unwrap().map(ToString::to_string)
    }

    #[test]
    fn the_scheme_goes_before_all_and_lower_case_before_upper() {
        let proxies = proxies(&[
            ("HTTPS_PROXY", "http://upper:1"),
            ("https_proxy", "http://lower:2"),
            ("HTTP_PROXY", ""),
            ("ALL_PROXY", "socks5h://all"),
        ]);
        assert_eq!(chosen(&proxies, "https://x.example/").unwrap(), "http://lower:2");
        assert_eq!(chosen(&proxies, "http://x.example/").unwrap(), "socks5h://all:1080");
        let variable = |proxy: &Option<Setting<Proxy>>| {
            proxy.as_ref().unwrap().get().unwrap().variable.clone().unwrap()
        };
        assert_eq!(variable(&proxies.https), "https_proxy");
        assert_eq!(variable(&proxies.all), "ALL_PROXY");
        let explicit = proxies.with_proxy("https://explicit").unwrap();
        assert_eq!(chosen(&explicit, "http://x.example/").unwrap(), "https://explicit:443");
    }

    #[test]
    fn the_passwords_of_all_proxies_are_kept_out_of_messages() {
        let proxies = proxies(&[
            ("HTTPS_PROXY", "http://u:hunter1@p"),
            ("HTTP_PROXY", "http://u:hunter2@p"),
            ("ALL_PROXY", "http://u:hunter3@p"),
        ]);
        let proxies = proxies.with_proxy("http://u:hunter4@p").unwrap();
        let redactor = Redactor::default();
        proxies.redact(&redactor);
        let text = redactor.clean("hunter1 hunter2 hunter3 hunter4");
        assert!(!text.contains("hunter"), "{text}");
    }

    #[test]
    fn loopback_is_never_proxied() {
        let proxies = proxies(&[("ALL_PROXY", "http://p:1")]);
        for direct in ["http://localhost/", "http://127.1.2.3/", "https://[::1]/"] {
            assert_eq!(chosen(&proxies, direct), None);
        }
    }

    #[test]
    fn only_what_a_url_needs_has_to_be_right() {
        for (variables, http, https) in [
            // GNOME's, with a proxy for everything.
            (&[("https_proxy", "http://p:1"), ("all_proxy", "gopher://p")][..], Err(()), Ok(true)),
            (&[("https_proxy", "http://p:1"), ("HTTPS_PROXY", "nonsense")], Ok(false), Ok(true)),
            (&[("HTTPS_PROXY", "nonsense"), ("ALL_PROXY", "http://p:1")], Ok(true), Err(())),
            (&[("HTTPS_PROXY", "nonsense"), ("NO_PROXY", "x.example")], Ok(false), Ok(false)),
        ] {
            let proxies = proxies(variables);
            let choose = |url| {
                let chosen = proxies.choose(&Url::parse(url).unwrap());
                chosen.map(|proxy| proxy.is_some()).map_err(|_| ())
            };
            assert_eq!(choose("http://x.example/"), http, "{variables:?}");
            assert_eq!(choose("https://x.example/"), https, "{variables:?}");
            assert_eq!(choose("https://localhost/"), Ok(false), "{variables:?}");
            let explicit = proxies.clone().with_proxy("http://explicit").unwrap();
            assert!(explicit.choose(&Url::parse("http://y.example/").unwrap()).is_ok());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_utf_8_is_an_error_where_it_is_used() {
        use std::os::unix::ffi::OsStringExt;
        let not_utf_8 = || OsString::from_vec(b"http://\xff:1".to_vec());
        for wrong in ["HTTP_PROXY", "NO_PROXY"] {
            let proxies = Proxies::from_variables(|name| match name {
                _ if name == wrong => Some(not_utf_8()),
                "HTTP_PROXY" => Some("http://p:1".into()),
                _ => None,
            });
            let error = proxies.choose(&Url::parse("http://x.example/").unwrap()).unwrap_err();
            assert!(error.report().contains(&format!("{wrong}: it is not UTF-8")), "{error}");
            assert!(proxies.choose(&Url::parse("https://x.example/").unwrap()).unwrap().is_none());
        }
    }

    #[test]
    fn no_proxy_binds_an_explicit_proxy_too() {
        let proxies = proxies(&[("no_proxy", "example.com")]).with_proxy("http://p:1").unwrap();
        assert_eq!(chosen(&proxies, "http://a.example.com/"), None);
        assert!(chosen(&proxies, "http://example.org/").is_some());
    }
}

//! An upload in three steps: one machine has the API key, another one has the package.
//!
//! ```sh
//! relay token android >token.json    # with the key
//! relay put app.apk <token.json      # with the package; prints the build's key
//! relay status KEY                   # with the key; prints the install page
//! ```
//!
//! The key is in `PGYER_API_KEY`; `PGYER_API_URL` selects another API, such as that of a
//! `pgyer sandbox`.
//! A token lets anyone who has it upload for half an hour, and nothing else.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program talks")]

use std::env;
use std::io;
use std::process::ExitCode;

use pgyer::{ApiKey, Client, Error, Package, Proxies, Release, Result, UploadToken, Wait};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let result = match words[..] {
        ["token", build_type] => token(build_type),
        ["put", path] => put(path),
        ["status", key] => status(key),
        _ => Err(Error::usage("usage: relay token TYPE | relay put FILE | relay status KEY")),
    };
    match result {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("relay: {}", error.report());
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// Step one, where the key is.
fn token(build_type: &str) -> Result<String> {
    let token = with_key()?.get_cos_token(build_type.parse()?, &Release::default())?;
    Ok(token.expose_json().to_owned())
}

/// Step two, where the package is: without the key, and the storage is the only host it contacts.
fn put(path: &str) -> Result<String> {
    let json =
        io::read_to_string(io::stdin()).map_err(|source| Error::io("read the token", source))?;
    let token = UploadToken::from_json(&json)?;
    let client = Client::builder().proxies(Proxies::from_env()).build()?;
    client.put(&token, &Package::open(path)?)?;
    Ok(token.key().to_owned())
}

/// Step three, where the key is.
fn status(key: &str) -> Result<String> {
    let build = with_key()?.wait(key, &Wait::default())?;
    Ok(build.install_url().unwrap_or_default())
}

fn with_key() -> Result<Client> {
    let mut builder = Client::builder().api_key(ApiKey::discover()?).proxies(Proxies::from_env());
    if let Some(url) = env::var("PGYER_API_URL").ok().filter(|url| !url.is_empty()) {
        builder = builder.api_url(url);
    }
    builder.build()
}

//! The client that the network options and the environment ask for.

use std::path::PathBuf;
use std::time::Instant;

use pgyer::{ApiKey, Client, ClientBuilder, Proxies, Result};

use crate::args::{Input, Network};
use crate::inputs::{Inputs, variable};

/// Builds a client; `None` as the key is for a command that needs none.
pub(crate) fn build(
    network: &Network,
    key: Option<ApiKey>,
    deadline: Option<Instant>,
) -> Result<Client> {
    let builder = with_roots(Client::builder(), network, deadline)?
        .allow_insecure_http(network.insecure_http)
        .proxies(proxies(network)?)
        .retry(network.retry.clone());
    let builder = with(builder, key, ClientBuilder::api_key);
    let builder = with(builder, network.api_url.as_ref(), ClientBuilder::api_url);
    let builder = with(builder, network.connect_timeout, ClientBuilder::connect_timeout);
    let builder = with(builder, network.stall_timeout, ClientBuilder::stall_timeout);
    let builder = with(builder, network.limit_rate, ClientBuilder::limit_rate);
    let pins = network.resolve.iter();
    let builder = pins.fold(builder, |builder, pin| builder.resolve(&pin.host, pin.port, pin.ip));
    let client = builder.build()?;
    Ok(match deadline {
        Some(deadline) => client.with_deadline(deadline),
        None => client,
    })
}

/// Applies a setting that is given. Without it the library's default stays.
fn with<T>(
    builder: ClientBuilder,
    value: Option<T>,
    set: impl FnOnce(ClientBuilder, T) -> ClientBuilder,
) -> ClientBuilder {
    match value {
        Some(value) => set(builder, value),
        None => builder,
    }
}

fn with_roots(
    mut builder: ClientBuilder,
    network: &Network,
    until: Option<Instant>,
) -> Result<ClientBuilder> {
    let inputs = Inputs { until };
    if let Some(file) = variable("SSL_CERT_FILE").map(PathBuf::from) {
        let pem = inputs.read(&Input::File(file))?;
        builder = builder.without_built_in_roots().add_root_certificates(&pem, "SSL_CERT_FILE")?;
    }
    if let Some(file) = &network.ca_file {
        let pem = inputs.read(&Input::File(file.clone()))?;
        builder = builder.add_root_certificates(&pem, &file.display().to_string())?;
    }
    Ok(builder)
}

fn proxies(network: &Network) -> Result<Proxies> {
    match &network.proxy {
        Some(proxy) => Proxies::from_env().with_proxy(proxy),
        None => Ok(Proxies::from_env()),
    }
}

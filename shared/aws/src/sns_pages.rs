//! Pages of SNS over HTTPS: one GET, answered by a public address that really is SNS, or nothing.
//!
//! Called by: `inbound`, for addresses that [`SnsAddress`] has let through. Refuses addresses inside networks (the name is resolved once, here, and the connection goes to what
//! was found), redirects (nothing follows them), pages that are large or slow, and certificates of the server that lead to no root of Amazon's.

use async_trait::async_trait;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::dns::{DnsFuture, ResolveDns, ResolveDnsError};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;
use tocsin_app::error::PortError;
use tocsin_app::sns_pages::{SnsAddress, SnsPages};

/// From the name to the last byte. The function has ten seconds, of which the table needs some too.
const WHOLE: Duration = Duration::from_secs(4);

/// SNS on the internet.
#[derive(Debug)]
pub struct HttpsSnsPages {
    connector: Connector,
    whole: Duration,
}

impl HttpsSnsPages {
    /// With Amazon's roots, or where its endpoints may show others (China), the system's.
    pub(crate) fn new(trust: TrustStore) -> Self {
        Self::with(trust, Resolver::of(resolve), WHOLE)
    }

    fn with(trust: TrustStore, resolver: Resolver, whole: Duration) -> Self {
        let builder = Connector::builder().tls_provider(Provider::Rustls(CryptoMode::Ring)).pool_max_idle_per_host(0);
        let connector = match TlsContext::builder().with_trust_store(trust).build() {
            Ok(context) => builder.tls_context(context).build_with_resolver(resolver),
            Err(_) => builder.build_with_resolver(resolver),
        };
        Self { connector, whole }
    }

    async fn fetch(&self, url: &str, most: usize) -> Result<Vec<u8>, PortError> {
        match tokio::time::timeout(self.whole, self.read(url, most)).await {
            Ok(read) => read,
            Err(_) => Err(passing("no answer in time")),
        }
    }

    async fn read(&self, url: &str, most: usize) -> Result<Vec<u8>, PortError> {
        let mut request = HttpRequest::new(SdkBody::empty());
        request.set_uri(url).map_err(|_| lasting("the address can not be read"))?;
        // What failed is not quoted: a confirmation's address holds its token.
        let answer = self.connector.call(request).await.map_err(|e| passing(if e.is_timeout() { "no answer in time" } else { "no connection" }))?;
        let status = answer.status().as_u16();
        if status != 200 {
            let reason = format!("the answer was {status}");
            return Err(if status >= 500 || status == 429 { passing(&reason) } else { lasting(&reason) });
        }
        let (mut stream, mut page) = (ByteStream::new(answer.into_body()), Vec::new());
        while let Some(chunk) = stream.next().await {
            page.extend_from_slice(&chunk.map_err(|_| passing("the answer broke off"))?);
            if page.len() > most {
                return Err(lasting("the answer is too large"));
            }
        }
        Ok(page)
    }
}

#[async_trait]
impl SnsPages for HttpsSnsPages {
    async fn get(&self, address: &SnsAddress, most: usize) -> Result<Vec<u8>, PortError> {
        self.fetch(address.url(), most).await
    }
}

fn passing(reason: &str) -> PortError {
    PortError::Transient { port: "sns pages", reason: reason.to_owned() }
}

fn lasting(reason: &str) -> PortError {
    PortError::Final { port: "sns pages", reason: reason.to_owned() }
}

type Found = Result<Vec<IpAddr>, std::io::Error>;

/// Addresses of a name, of which only public ones are used.
#[derive(Clone)]
struct Resolver {
    look: Arc<dyn Fn(&str) -> Found + Send + Sync>,
    allowed: fn(IpAddr) -> bool,
}

impl Resolver {
    fn of(look: impl Fn(&str) -> Found + Send + Sync + 'static) -> Self {
        Self { look: Arc::new(look), allowed: is_public }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl ResolveDns for Resolver {
    fn resolve_dns<'a>(&'a self, name: &'a str) -> DnsFuture<'a> {
        let (look, name, allowed) = (self.look.clone(), name.to_owned(), self.allowed);
        DnsFuture::new(async move {
            let found = tokio::task::spawn_blocking(move || look(&name)).await.map_err(ResolveDnsError::new)?.map_err(ResolveDnsError::new)?;
            let public: Vec<IpAddr> = found.into_iter().filter(|address| allowed(*address)).collect();
            if public.is_empty() { Err(ResolveDnsError::new("no public address")) } else { Ok(public) }
        })
    }
}

fn resolve(name: &str) -> Found {
    Ok((name, 443).to_socket_addrs()?.map(|address| address.ip()).collect())
}

/// Whether an address is one of the internet's, not of this machine, its network, or its cloud's own services.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let inside = v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_documentation() || v4.is_multicast() || a == 0 || a >= 240;
    let shared = a == 100 && (64..128).contains(&b);
    let special = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99) || (a == 198 && (18..20).contains(&b));
    !(inside || shared || special)
}

/// Global unicast that is no tunnel to another address: mapped, translated and local ones stand outside of 2000::/3.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [a, b, ..] = v6.segments();
    let tunnel = a == 0x2002 || (a == 0x2001 && b < 0x0200);
    let documentation = (a == 0x2001 && b == 0x0db8) || a == 0x3fff;
    a & 0xe000 == 0x2000 && !tunnel && !documentation
}

#[cfg(test)]
mod tests;

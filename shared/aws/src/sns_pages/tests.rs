use super::*;
use std::io::{Read, Write};
use std::net::TcpListener;

/// A server on this machine that answers every connection with the same bytes, and then waits a while before it hangs up.
fn answering(bytes: &'static [u8], then_wait: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(bytes);
                std::thread::sleep(then_wait);
            });
        }
    });
    format!("http://sns.us-east-1.amazonaws.com:{port}/page")
}

fn here() -> Resolver {
    Resolver { look: Arc::new(|_| Ok(vec![Ipv4Addr::LOCALHOST.into()])), allowed: |_| true }
}

async fn fetched(bytes: &'static [u8], then_wait: Duration, resolver: Resolver) -> Result<Vec<u8>, PortError> {
    let pages = HttpsSnsPages::with(TrustStore::empty(), resolver, Duration::from_millis(700));
    pages.fetch(&answering(bytes, then_wait), 10).await
}

#[tokio::test]
async fn a_small_page_is_read_and_nothing_else() {
    let none = Duration::ZERO;
    let redirect = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    for (bytes, wait, expected) in [
        (&b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789"[..], none, Ok("0123456789")),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n", none, Err(lasting("the answer is too large"))),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n01234567890", none, Err(lasting("the answer is too large"))),
        (redirect, none, Err(lasting("the answer was 302"))),
        (b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", none, Err(lasting("the answer was 403"))),
        (b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n", none, Err(passing("the answer was 503"))),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234", none, Err(passing("the answer broke off"))),
        (b"no HTTP at all\r\n\r\n", none, Err(passing("no connection"))),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n01234", Duration::from_secs(5), Err(passing("no answer in time"))),
    ] {
        assert_eq!(fetched(bytes, wait, here()).await, expected.map(|page: &str| page.as_bytes().to_vec()), "{}", String::from_utf8_lossy(bytes));
    }
}

/// A name that leads into a network, or to a network beside a public address: nothing of it is used.
#[tokio::test]
async fn a_private_address_is_never_connected_to() {
    let page = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
    let to_loopback = Resolver::of(|_| Ok(vec![Ipv4Addr::LOCALHOST.into(), IpAddr::from(Ipv6Addr::LOCALHOST)]));
    assert_eq!(fetched(page, Duration::ZERO, to_loopback.clone()).await, Err(passing("no connection")));
    assert_eq!(fetched(page, Duration::ZERO, here()).await, Ok(b"ok".to_vec()), "the same server, were it allowed");
    let mixed = Resolver::of(|_| Ok(vec![Ipv4Addr::new(169, 254, 169, 254).into(), Ipv4Addr::new(52, 94, 5, 1).into()]));
    assert_eq!(mixed.resolve_dns("x").await.unwrap(), [IpAddr::from(Ipv4Addr::new(52, 94, 5, 1))]);
}

#[test]
fn public_addresses() {
    for (address, public) in [
        ("52.94.5.1", true),
        ("2600:1f18::1", true),
        ("127.0.0.1", false),
        ("10.0.0.1", false),
        ("172.16.0.1", false),
        ("172.32.0.1", true),
        ("192.168.1.1", false),
        ("169.254.169.254", false),
        ("169.254.170.2", false),
        ("100.64.0.1", false),
        ("100.128.0.1", true),
        ("0.0.0.0", false),
        ("192.0.0.1", false),
        ("192.0.2.1", false),
        ("198.18.0.1", false),
        ("224.0.0.1", false),
        ("255.255.255.255", false),
        ("::", false),
        ("::1", false),
        ("::ffff:169.254.169.254", false),
        ("::ffff:52.94.5.1", false),
        ("64:ff9b::a9fe:a9fe", false),
        ("fd00:ec2::254", false),
        ("fe80::1", false),
        ("ff02::1", false),
        ("2002:a9fe:a9fe::1", false),
        ("2001::1", false),
        ("2001:db8::1", false),
        ("3fff::1", false),
    ] {
        assert_eq!(is_public(address.parse().unwrap()), public, "{address}");
    }
}

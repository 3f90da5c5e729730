//! A small load, so that the benchmark does not rot: every request is accepted, new alerts and duplicates, over both stores.

use tocsin_bench::Format;
use tocsin_bench::load::{Load, whole_answer};
use tocsin_bench::server::{self, Store};

#[test]
fn a_small_load_is_accepted_and_what_is_refused_is_counted() {
    for store in [Store::Memory, Store::Embedded] {
        let to = server::start(store, 2).unwrap();
        for format in [Format::ApiV2, Format::Pagerduty] {
            let bodies: Vec<String> = (0..100).map(|n| format.body(n)).collect();
            for _ in 0..2 {
                let outcome = Load::new(to, &format.path(), 8, &bodies).unwrap().run().unwrap();
                assert_eq!((outcome.accepted, outcome.refused), (bodies.len(), 0), "{store:?} {format:?}");
            }
        }
        let bodies = [Format::Pagerduty.body(0), "no event".to_owned(), Format::Pagerduty.body(1)];
        let outcome = Load::new(to, &Format::Pagerduty.path(), 1, &bodies).unwrap().run().unwrap();
        assert_eq!((outcome.accepted, outcome.refused), (2, 1), "{store:?}");
    }
}

#[test]
fn loads_stay_on_this_machine_and_end() {
    for (to, connections, bodies) in [("192.0.2.1:80", 1, 1), ("127.0.0.1:1", 1, 0), ("127.0.0.1:1", 1, 1_000_001), ("127.0.0.1:1", 0, 1)] {
        let said = Load::new(to.parse().unwrap(), "/", connections, &vec![String::new(); bodies]).map_err(|e| e.to_string());
        assert!(said.unwrap_err().contains("this machine"), "{to} {connections} {bodies}");
    }
}

#[test]
fn an_answer_is_whole_with_its_last_byte_and_no_sooner() {
    for (status, answer) in [
        (200, "HTTP/1.1 200 OK\r\nDate: Mon, 05 Jan 2026 09:00:00 GMT\r\nContent-Length: 0\r\n\r\n"),
        (202, "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"status\":\"success\"}"),
        (204, "HTTP/1.1 204 No Content\r\n\r\n"),
        (400, "HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\n\n\r\n0\r\n\r\n"),
    ] {
        for shorter in 0..answer.len() {
            assert_eq!(whole_answer(&answer.as_bytes()[..shorter]).unwrap(), None, "{shorter} bytes of {answer}");
        }
        assert_eq!(whole_answer(answer.as_bytes()).unwrap(), Some((status, answer.len())), "{answer}");
    }
    for none in [
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\n\r\nuntil I hang up",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ] {
        assert!(whole_answer(none.as_bytes()).is_err(), "{none}");
    }
}

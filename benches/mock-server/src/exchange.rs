//! Synthetic requests and responses, the same for every server.

use std::fs;
use std::io;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

/// The path of the endpoint that is called.
pub const PATH: &str = "/v3/backlinks/bulk_pages_summary/live";
/// The login that every server requires.
pub const LOGIN: &str = "login";
/// The password that every server requires.
pub const PASSWORD: &str = "password";
/// The number of the exchange that is requested if only one is.
const MIDDLE: usize = 250;

/// The exchanges of a server: how many there are, and how large their responses are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// One exchange with a response of about 2,000 bytes.
    One,
    /// 500 exchanges with responses of about 2,000 bytes.
    Many,
    /// 500 exchanges with responses of about 30,000 bytes.
    Large,
}

impl Set {
    /// All sets.
    pub const ALL: [Self; 3] = [Self::One, Self::Many, Self::Large];

    /// Returns the name on the command line and of the folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Many => "many",
            Self::Large => "large",
        }
    }

    /// Returns all exchanges of the set.
    pub fn exchanges(self) -> impl Iterator<Item = Exchange> {
        let numbers = match self {
            Self::One => MIDDLE..MIDDLE + 1,
            Self::Many | Self::Large => 0..2 * MIDDLE,
        };
        numbers.map(move |number| self.exchange(number))
    }

    /// Returns the exchange in the middle, which every set has.
    pub fn middle(self) -> Exchange {
        self.exchange(MIDDLE)
    }

    fn exchange(self, number: usize) -> Exchange {
        Exchange::new(
            number,
            match self {
                Self::One | Self::Many => 2,
                Self::Large => 44,
            },
        )
    }

    /// Writes each exchange into a folder as a fixture. Returns their total size in bytes.
    pub fn write(self, folder: &Path) -> io::Result<u64> {
        fs::create_dir_all(folder)?;
        let mut bytes = 0;
        for (index, exchange) in self.exchanges().enumerate() {
            let fixture = exchange.fixture().to_string();
            bytes += fixture.len() as u64;
            fs::write(folder.join(format!("{index:03}.json")), fixture)?;
        }
        Ok(bytes)
    }
}

/// The tasks of a request, and the response to them.
pub struct Exchange {
    /// The body of the request.
    pub tasks: Value,
    /// The body of the response.
    pub response: Value,
}

impl Exchange {
    /// Creates an exchange with a number of rows in its response. Its length depends only on `rows`.
    fn new(number: usize, rows: usize) -> Self {
        let targets = [
            format!("https://example-{number:03}.com/"),
            "https://example.org/a".to_owned(),
        ];
        let rows: Vec<Value> = (0..rows)
            .map(|index| row(&targets[index % targets.len()]))
            .collect();
        let response = json!({
            "version": "0.1.20260101",
            "status_code": 20000,
            "status_message": "Ok.",
            "time": "0.1000 sec.",
            "cost": 0.02006,
            "tasks_count": 1,
            "tasks_error": 0,
            "tasks": [{
                "id": format!("01010000-0000-0000-0000-{number:012}"),
                "status_code": 20000,
                "status_message": "Ok.",
                "time": "0.0900 sec.",
                "cost": 0.02006,
                "result_count": 1,
                "path": ["v3", "backlinks", "bulk_pages_summary", "live"],
                "data": {
                    "api": "backlinks",
                    "function": "bulk_pages_summary",
                    "targets": targets,
                    "rank_scale": "one_hundred",
                },
                "result": [{ "total_count": rows.len(), "items_count": rows.len(), "items": rows }],
            }],
        });
        let tasks = json!([{ "targets": targets, "rank_scale": "one_hundred" }]);
        Self { tasks, response }
    }

    /// Returns the request with its head.
    pub fn request(&self) -> Bytes {
        let body = self.tasks.to_string();
        let head = format!(
            "POST {PATH} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: {}\r\naccept: */*\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            authorization(),
            body.len(),
        );
        Bytes::from(head + &body)
    }

    /// Returns the body of the response.
    pub fn response_body(&self) -> Bytes {
        Bytes::from(self.response.to_string())
    }

    fn fixture(&self) -> Value {
        json!({
            "dfs_fixture": 1,
            "request": { "method": "POST", "path": PATH, "body": self.tasks },
            "response": { "status": 200, "body": self.response },
        })
    }
}

/// Returns the value of the `authorization` header.
pub fn authorization() -> String {
    format!("Basic {}", STANDARD.encode(format!("{LOGIN}:{PASSWORD}")))
}

fn row(target: &str) -> Value {
    json!({
        "type": "backlinks_page_summary",
        "url": target,
        "rank": 277,
        "main_domain_rank": 393,
        "backlinks": 343,
        "first_seen": "2026-01-19 08:00:00 +00:00",
        "lost_date": null,
        "backlinks_spam_score": 7,
        "broken_backlinks": 92,
        "broken_pages": 27,
        "referring_domains": 261,
        "referring_domains_nofollow": 135,
        "referring_main_domains": 252,
        "referring_main_domains_nofollow": 120,
        "referring_ips": 203,
        "referring_subnets": 107,
        "referring_pages": 338,
        "referring_pages_nofollow": 152,
        "referring_links_tld": { "com": 286, "org": 57 },
        "referring_links_types": { "anchor": 253, "image": 90 },
        "referring_links_attributes": { "nofollow": 58, "noopener": 21 },
        "referring_links_platform_types": { "blogs": 36, "cms": 86, "ecommerce": 26 },
    })
}

//! `endpoints`: what there is, a line each.

use dataforseo_client::models::api;

use crate::exit::{Exit, Failure};
use crate::generated::SECTIONS;
use crate::help::{limits, price};
use crate::output::print;

pub(crate) fn run() -> Result<Exit, Failure> {
    let mut text = String::new();
    for endpoint in SECTIONS.iter().flat_map(|section| section.endpoints) {
        let info = endpoint.info;
        text += &format!(
            "{}\t{} {}\t{}\t{}\n",
            endpoint.command(),
            info.method.as_str(),
            info.path,
            limits(info),
            price(info, api::PRICES)
        );
    }
    print(text.as_bytes())?;
    Ok(Exit::Done)
}

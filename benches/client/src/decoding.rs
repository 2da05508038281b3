//! Measures the time to decode a large response into types.
//!
//! The same bytes are decoded into a `serde_json::Value`, by another Rust client, and by the official
//! clients for Python and TypeScript.

use std::hint::black_box;
use std::io::{ErrorKind, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dataforseo_client::models::backlinks::BulkPagesSummaryLiveResult;
use dataforseo_client::models::{Envelope, TaskResponse};
use serde_json::Value;

use crate::report::{Requirements, table, words};
use crate::{Outcome, responses};

const ITEMS: usize = 1000;
const ROUNDS: usize = 150;
const AIM: f64 = 0.40;
const GOAL: f64 = 0.25;

/// The folder in which the tests of the official clients install them.
const INSTALLED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/clients");
const HERE: &str = env!("CARGO_MANIFEST_DIR");

/// The name of a decoder, the decoder, and its best time.
type Way<'a> = (&'static str, &'a dyn Fn() -> Outcome<()>, Duration);

/// Measures, and prints the figures.
pub fn measure(requirements: &mut Requirements) -> Outcome<()> {
    let text = responses::body(ITEMS)?;
    let body = text.as_bytes();
    let envelope = decode(body)?;
    let task = envelope.tasks.first().ok_or("no task")?;
    let items = task.result.iter().filter_map(|it| it.items.as_ref());
    if items.flatten().count() != ITEMS || !task.drift.is_empty() {
        return Err("the response was not decoded as documented".into());
    }

    let ours = || {
        black_box(decode(body)?);
        Ok(())
    };
    let value = || {
        black_box(serde_json::from_slice::<Value>(body)?);
        Ok(())
    };
    let mut ways: Vec<Way<'_>> = vec![
        ("serde_json::Value", &value, Duration::MAX),
        ("dataforseo-models", &ours, Duration::MAX),
    ];
    #[cfg(feature = "data-for-seo")]
    let other = || data_for_seo(body);
    #[cfg(feature = "data-for-seo")]
    ways.push(("data-for-seo 0.3", &other, Duration::MAX));
    for _ in 0..ROUNDS {
        for (_, decode, best) in &mut ways {
            let began = Instant::now();
            decode()?;
            *best = began.elapsed().min(*best);
        }
    }
    let mut times: Vec<(String, Duration)> = ways
        .into_iter()
        .map(|(name, _, best)| (name.to_owned(), best))
        .collect();
    let skipped = clients(body, &mut times)?;

    println!(
        "decoding {ITEMS} items of bulk_pages_summary, {} kB: the best of {ROUNDS} rounds in turn",
        body.len() / 1000
    );
    let seconds = |at: usize| times.get(at).map_or(f64::NAN, |it| it.1.as_secs_f64());
    let (value, ours) = (seconds(0), seconds(1));
    let mut rows = vec![words(&["", "ms", "MB/s", "of Value", "of ours"])];
    for (name, time) in &times {
        let time = time.as_secs_f64();
        rows.push(vec![
            name.clone(),
            format!("{:.2}", time * 1e3),
            format!("{:.0}", body.len() as f64 / 1e6 / time),
            format!("{:.3}", time / value),
            format!("{:.2}", time / ours),
        ]);
    }
    print!("{}", table(&rows));
    for reason in skipped {
        println!("skipped: {reason}");
    }
    let what = "decoding 1000 items, of serde_json::Value";
    requirements.at_most(what, ours / value, AIM);
    requirements.at_most(&format!("{what}: the goal"), ours / value, GOAL);
    Ok(())
}

/// Decodes a response's body as `dataforseo-client` does.
fn decode(body: &[u8]) -> Outcome<Envelope<TaskResponse<BulkPagesSummaryLiveResult>>> {
    let text = std::str::from_utf8(body)?;
    Ok(Envelope::<TaskResponse<_>>::parse(text)?)
}

/// Decodes a response's body as `data-for-seo` does. Its own function is private.
#[cfg(feature = "data-for-seo")]
fn data_for_seo(body: &[u8]) -> Outcome<()> {
    type Response =
        data_for_seo::DataForSeoApiResponseData<data_for_seo::BacklinksApiBulkPagesSummary>;
    let text = String::from_utf8_lossy(body).into_owned();
    let value: Value = serde_json::from_str(&text)?;
    black_box(serde_json::from_value::<Response>(value.clone())?);
    Ok(())
}

/// Adds the times of the official clients. Returns why a client was skipped.
fn clients(body: &[u8], times: &mut Vec<(String, Duration)>) -> Outcome<Vec<String>> {
    let mut file = tempfile::NamedTempFile::new()?;
    file.write_all(body)?;
    let (here, installed) = (Path::new(HERE), Path::new(INSTALLED));
    let (python, typescript) = (installed.join("python"), installed.join("typescript"));
    let mut commands = [
        (
            Command::new(python.join("bin/python")),
            here.join("python/decode.py"),
            "Python",
        ),
        (
            Command::new("node"),
            here.join("typescript/decode.mjs"),
            "TypeScript",
        ),
    ];
    let mut skipped = Vec::new();
    for (command, script, language) in &mut commands {
        command
            .arg(&*script)
            .arg(file.path())
            .arg(ITEMS.to_string());
        if *language == "TypeScript" {
            command.arg(&typescript);
        }
        match best_times(command) {
            Ok(lines) => times.extend(lines),
            Err(reason) => skipped.push(format!(
                "the official client for {language}: {reason} (tests/clients/run.sh installs it)"
            )),
        }
    }
    Ok(skipped)
}

/// Runs a script that prints lines of seconds and a name, and returns them.
fn best_times(command: &mut Command) -> Outcome<Vec<(String, Duration)>> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.map_err(|error| match error.kind() {
        ErrorKind::NotFound => "it cannot be started".to_owned(),
        _ => error.to_string(),
    })?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let message = errors.lines().rfind(|line| line.contains("Error"));
        return Err(message.unwrap_or("it failed").into());
    }
    let text = String::from_utf8(output.stdout)?;
    let lines = text.lines().map(|line| {
        let (seconds, name) = line.split_once(' ').ok_or("no name")?;
        Ok((name.to_owned(), Duration::from_secs_f64(seconds.parse()?)))
    });
    lines.collect()
}

//! An API in the process: a test decides about each call, and the API records the calls.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use dataforseo_client::{Client, HttpService, NeverRetry, NoLimits, RequestBody, ResponseBody};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use serde_json::{Value, json};
use tower_layer::Layer;
use tower_service::Service;

type BoxError = Box<dyn std::error::Error + Send + Sync>;
type Exchange = Pin<Box<dyn Future<Output = Result<Response<ResponseBody>, BoxError>> + Send>>;

/// The response to a call.
#[derive(Debug, Clone)]
pub enum Then {
    /// A row per target, in reverse order.
    Rows,
    /// These rows, whatever the targets are.
    Items(Vec<Value>),
    /// An envelope with this code and message, without a cost.
    Refuse(u64, String),
    /// A task with this code and this cost.
    Fail(u64, f64),
    /// The connection breaks after the call was carried out.
    Break,
    /// HTML with this HTTP status.
    Html(u16),
}

/// Decides about a call, by its number and its targets.
type Decide = dyn Fn(usize, &[String]) -> Then + Send + Sync;

#[derive(Clone)]
pub struct Api {
    decide: Arc<Decide>,
    latency: Duration,
    calls: Arc<Mutex<Vec<Vec<String>>>>,
    /// Returns a note about each call when it arrives.
    note: Arc<dyn Fn() -> u64 + Send + Sync>,
    notes: Arc<Mutex<Vec<u64>>>,
}

/// The cost of a call in US dollars.
pub const COST: f64 = 0.5;

impl Api {
    pub fn new(decide: impl Fn(usize, &[String]) -> Then + Send + Sync + 'static) -> Self {
        Self {
            decide: Arc::new(decide),
            latency: Duration::ZERO,
            calls: Arc::default(),
            note: Arc::new(|| 0),
            notes: Arc::default(),
        }
    }

    /// Returns rows for every call.
    pub fn ok() -> Self {
        Self::new(|_, _| Then::Rows)
    }

    pub fn latency(self, latency: Duration) -> Self {
        Self { latency, ..self }
    }

    pub fn noting(self, note: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self {
            note: Arc::new(note),
            ..self
        }
    }

    /// The targets of each call, in the order of arrival.
    pub fn calls(&self) -> Vec<Vec<String>> {
        self.calls.lock().unwrap().clone()
    }

    pub fn notes(&self) -> Vec<u64> {
        self.notes.lock().unwrap().clone()
    }

    /// How often each target arrived, by target.
    pub fn times(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for target in self.calls().into_iter().flatten() {
            *times.entry(target).or_default() += 1;
        }
        times
    }

    /// A layer that replaces the transport.
    pub fn as_layer(&self) -> impl Layer<HttpService, Service = Self> + Send + Sync + 'static {
        let api = self.clone();
        tower_layer::layer_fn(move |_| api.clone())
    }

    pub fn client(&self) -> Client {
        Client::builder()
            .credentials("login", "password")
            .retry_policy(NeverRetry)
            .limiter(Arc::new(NoLimits))
            .layer(self.as_layer())
            .build()
            .unwrap()
    }

    async fn respond(
        self,
        request: Request<RequestBody>,
    ) -> Result<Response<ResponseBody>, BoxError> {
        let body = request.into_body().collect().await?.to_bytes();
        let tasks: Value = serde_json::from_slice(&body)?;
        let targets: Vec<String> = serde_json::from_value(tasks[0]["targets"].clone())?;
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push(targets.clone());
            self.notes.lock().unwrap().push((self.note)());
            calls.len() - 1
        };
        tokio::time::sleep(self.latency).await;
        let task = |code: u64, cost: f64, result: Value| {
            json!({"status_code": 20000, "cost": cost, "tasks": [{
                "id": "1", "status_code": code, "status_message": "", "cost": cost, "result": result,
            }]})
        };
        let (status, body) = match (self.decide)(number, &targets) {
            Then::Rows => {
                let rows: Vec<Value> = targets
                    .iter()
                    .rev()
                    .map(|target| json!({"target": target, "rank": target.len()}))
                    .collect();
                (200, task(20000, COST, json!([{"items": rows}])).to_string())
            }
            Then::Items(rows) => (200, task(20000, COST, json!([{"items": rows}])).to_string()),
            Then::Refuse(code, message) => {
                let body = json!({"status_code": code, "status_message": message, "cost": 0, "tasks": null});
                (200, body.to_string())
            }
            Then::Fail(code, cost) => (200, task(code, cost, Value::Null).to_string()),
            Then::Break => return Err("broken".into()),
            Then::Html(status) => (status, "<html>".to_owned()),
        };
        let body = ResponseBody::new(Full::<Bytes>::from(body));
        Ok(Response::builder().status(status).body(body)?)
    }
}

impl Service<Request<RequestBody>> for Api {
    type Response = Response<ResponseBody>;
    type Error = BoxError;
    type Future = Exchange;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<RequestBody>) -> Exchange {
        Box::pin(self.clone().respond(request))
    }
}

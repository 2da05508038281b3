//! The client: its public methods for calls with types.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use dataforseo_http::Redactor;
use dataforseo_models::{
    Amount, Endpoint, EndpointInfo, Estimate, FromLenientJson, Mode, Paged, RawEnvelope,
    StatusClass, TaskEndpoint, TaskFields, Violation, ViolationKind,
};

use crate::account_rates::AccountRates;
use crate::budget::{Costs, Ledger};
use crate::builder::{ClientBuilder, ConfigError};
use crate::decode::{Accepted, DecodedResponse, accepted, single_task};
use crate::error::clean::{clean_id, clean_text};
use crate::error::{Error, ErrorKind};
use crate::http::transport::Transport;
use crate::limits::Limiter;
use crate::observe::Observer;
use crate::paging::Pages;
use crate::prices::Prices;
use crate::request::{Clock, PendingRequest, all_violations, invalid, path};
use crate::response::{Fetched, Posted, Response, posted_tasks};
use crate::retry::RetryPolicy;

/// A client for the DataForSEO v3 API.
///
/// Clones are cheap and share connections, rate limits, costs and the budget. A program needs one
/// client only.
///
/// ```no_run
/// use dataforseo_client::{Client, backlinks::BulkRanksLiveTask};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = Client::from_env()?;
/// let task = BulkRanksLiveTask::new(["example.com", "example.org"]);
/// for row in client.backlinks().bulk_ranks_live(&task).await?.items() {
///     println!("{:?}: {:?}", row.target, row.rank);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
    pub(crate) ledger: Ledger,
}

pub(crate) struct Inner {
    pub(crate) transport: Transport,
    /// Cleans messages of the server.
    pub(crate) redactor: Redactor,
    /// The current date for validation; `None` if tasks are not validated.
    pub(crate) validation: Option<Clock>,
    pub(crate) limiter: Arc<dyn Limiter>,
    pub(crate) retry_policy: Arc<dyn RetryPolicy>,
    pub(crate) prices: RwLock<Prices>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
    #[cfg(feature = "drift")]
    pub(crate) drift_watch: Option<crate::drift_watch::DriftWatch>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base_url", &self.inner.transport.base())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Returns a builder with the default settings and no credentials.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// Returns a client for the production server.
    ///
    /// Reads the credentials from the environment variables `DATAFORSEO_LOGIN` and
    /// `DATAFORSEO_PASSWORD`. `DATAFORSEO_BASE_URL` replaces the server if it is set.
    ///
    /// # Errors
    /// When `DATAFORSEO_LOGIN` or `DATAFORSEO_PASSWORD` is not set or empty, or when the value of a
    /// variable cannot be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::builder().credentials_from_env()?.build()
    }

    pub(crate) fn new(inner: Inner, ledger: Ledger) -> Self {
        Self {
            inner: Arc::new(inner),
            ledger,
        }
    }

    /// Returns the URL of the server, such as `https://api.dataforseo.com`.
    pub fn base_url(&self) -> &str {
        self.inner.transport.base()
    }

    /// Returns the number of calls and their costs so far.
    ///
    /// Counts the calls of this client and all its clones. A client from
    /// [`with_budget`](Self::with_budget) or [`with_own_costs`](Self::with_own_costs) starts at zero
    /// and counts only its own calls and those of its clones.
    pub fn costs(&self) -> Costs {
        self.ledger.costs()
    }

    /// Returns a clone with its own cost counter and a budget in US dollars.
    ///
    /// Calls of the clone count for this client, too, and must fit into both budgets. If this client
    /// is itself such a clone, the same holds for the clients that it was derived from. Everything
    /// else is shared. [`ClientBuilder::budget`] describes how a budget is enforced.
    ///
    /// ```
    /// # fn main() -> Result<(), dataforseo_client::ConfigError> {
    /// # use dataforseo_client::Client;
    /// # let client = Client::builder().credentials("login", "password").build()?;
    /// let report = client.with_budget(2.50); // US dollars
    /// assert_eq!(report.costs().us_dollars, 0.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_budget(&self, us_dollars: f64) -> Self {
        self.with_ledger(self.ledger.child(Some(us_dollars)))
    }

    /// Returns a clone with its own cost counter and no budget of its own.
    ///
    /// Calls of the clone count for this client, too, and for the clients that it was derived from.
    /// Everything else is shared.
    pub fn with_own_costs(&self) -> Self {
        self.with_ledger(self.ledger.child(None))
    }

    fn with_ledger(&self, ledger: Ledger) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            ledger,
        }
    }

    /// Returns the maximum cost of a call with this task, by the client's [`Prices`]. A free call
    /// costs nothing. Where the price of the endpoint or of an option is unknown, the estimate is not
    /// complete.
    ///
    /// ```
    /// # fn main() -> Result<(), dataforseo_client::ConfigError> {
    /// # use dataforseo_client::Client;
    /// # let client = Client::builder().credentials("login", "password").build()?;
    /// use dataforseo_client::backlinks::{BulkRanksLive, BulkRanksLiveTask};
    ///
    /// let task = BulkRanksLiveTask::new(["example.com", "example.org"]);
    /// let estimate = client.estimate::<BulkRanksLive>(&task);
    /// assert_eq!(estimate.us_dollars(), 0.024072);
    /// assert!(estimate.is_complete);
    /// # Ok(())
    /// # }
    /// ```
    pub fn estimate<E: TaskEndpoint>(&self, task: &E::Task) -> Estimate {
        self.estimate_of(E::INFO, [TaskFields::from(task)])
    }

    pub(crate) fn estimate_of<'a>(
        &self,
        endpoint: &EndpointInfo,
        tasks: impl IntoIterator<Item = TaskFields<'a>>,
    ) -> Estimate {
        let prices = self.inner.prices.read();
        let prices = prices.unwrap_or_else(PoisonError::into_inner);
        prices.estimate(endpoint, tasks)
    }

    /// Requests the prices and rates of the account, and uses them from then on: prices for
    /// estimates, rates in the limiter. They also apply to the clones of this client, and to all
    /// clients with its limiter.
    ///
    /// The call is free. What the response lacks, or has in an undocumented form, is listed in
    /// [`AccountRates::unread`], and the values of the specification apply.
    ///
    /// ```no_run
    /// # async fn example(client: dataforseo_client::Client) -> Result<(), dataforseo_client::Error> {
    /// let rates = client.load_account_rates().await?;
    /// println!("{} functions with a price", rates.priced_functions());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// When the call fails. The client then uses the prices and rates from before.
    #[cfg(feature = "appendix")]
    pub async fn load_account_rates(&self) -> Result<AccountRates, Error> {
        use dataforseo_models::{Value, appendix::UserData};

        let response = self.get::<UserData>(&[]).await?;
        let result = response.result().map(serde_json::to_value);
        let result = result.and_then(Result::ok).unwrap_or(Value::Null);
        let rates = AccountRates::from_user_data(&result);
        if !rates.unread.is_empty() {
            tracing::warn!(
                unread = rates.unread.join(", "),
                "prices or rates of the account are missing or have an undocumented form: those of the \
                 specification apply"
            );
        }
        self.use_account_rates(&rates);
        Ok(rates)
    }

    /// Uses the prices and rates of an account from now on, as
    /// `load_account_rates` does. They can be from a response that was loaded before.
    pub fn use_account_rates(&self, rates: &AccountRates) {
        let mut prices = self
            .inner
            .prices
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *prices = std::mem::take(&mut *prices).account(rates);
        drop(prices);
        self.inner.limiter.on_account_rates(rates);
    }

    /// Sends one task to a live endpoint and returns its result.
    ///
    /// The methods of the sections, such as those of [`backlinks`](Self::backlinks), call this with
    /// the endpoint as the type parameter.
    ///
    /// # Errors
    /// When the task breaks documented limits, when no complete response arrives, or when the API
    /// refuses the call or the task. [`Error`] describes how to react to each.
    pub async fn call<E: TaskEndpoint>(
        &self,
        task: &E::Task,
    ) -> Result<Response<E::Result>, Error> {
        let request = self.request::<E>(std::slice::from_ref(task))?;
        let response = self.respond(request).await?;
        let status_code = response.status_code();
        if status_code.class() == StatusClass::Pending {
            let kind = ErrorKind::Pending {
                status_code,
                id: response.task.id.clone(),
                cost: response.cost(),
            };
            return Err(Error::new(E::INFO.id, kind, Some(response.raw_response)));
        }
        Ok(response)
    }

    /// Sends a GET request to an endpoint. `parameters` are the parameters of its path, in the order
    /// of the path.
    ///
    /// # Errors
    /// When a parameter is missing or empty, when no complete response arrives, or when the API
    /// refuses the call or the task.
    pub async fn get<E: Endpoint>(
        &self,
        parameters: &[&str],
    ) -> Result<Response<E::Result>, Error> {
        let path = path(E::INFO, parameters)?;
        let request = PendingRequest {
            endpoint: E::INFO,
            path: &path,
            body: None,
            estimate: Amount::ZERO,
        };
        self.respond(request).await
    }

    /// Makes a call whose response contains one task.
    async fn respond<R: FromLenientJson>(
        &self,
        request: PendingRequest<'_>,
    ) -> Result<Response<R>, Error> {
        #[cfg(feature = "drift")]
        let endpoint = request.endpoint;
        let mut completed = self.perform(request, single_task).await?;
        let redactor = &self.inner.redactor;
        if let Some(message) = &mut completed.value.status_message {
            clean_text(message, redactor);
        }
        clean_id(&mut completed.value.id, redactor);
        #[cfg(feature = "drift")]
        if let Some(watch) = &self.inner.drift_watch {
            watch.on_response::<R>(endpoint, &completed.raw_response);
        }
        Ok(Response {
            task: completed.value,
            cost: completed.cost.us_dollars,
            raw_response: completed.raw_response,
        })
    }

    /// Fetches the result of a task that was posted before, by the parameters of the path: usually
    /// the task's identifier.
    ///
    /// # Errors
    /// When a parameter is missing or empty, when no complete response arrives, or when the API
    /// refuses the call or the task. A task that is not done yet is not an error:
    /// [`Fetched::Pending`].
    pub async fn fetch<E: Endpoint>(
        &self,
        parameters: &[&str],
    ) -> Result<Fetched<E::Result>, Error> {
        let response = self.get::<E>(parameters).await?;
        let code = response.status_code();
        if code.class() == StatusClass::Pending {
            Ok(Fetched::Pending(code))
        } else {
            Ok(Fetched::Ready(Box::new(response)))
        }
    }

    /// Posts tasks whose results are fetched later, in one call.
    ///
    /// # Errors
    /// - When `tasks` is empty or has more tasks than the endpoint accepts, or when a task breaks
    ///   documented limits. No task is sent.
    /// - When `E` is a live endpoint, whose results would be lost. No task is sent.
    /// - When no complete response arrives, or when the API refuses the whole call.
    ///
    /// A single task that the API refuses is not an error of the call: see [`Posted`].
    pub async fn post<E: TaskEndpoint>(&self, tasks: &[E::Task]) -> Result<Posted, Error> {
        if E::INFO.mode != Mode::TaskPost {
            let violation = Violation::new("tasks", ViolationKind::LiveEndpoint);
            return Err(invalid(E::INFO, vec![violation]));
        }
        let request = self.request::<E>(tasks)?;
        let mut completed = self
            .perform(request, |status, text| {
                let Accepted { envelope, cost } =
                    accepted(status, RawEnvelope::parse(text.as_bytes()))?;
                let value = posted_tasks(envelope, text, tasks.len());
                Ok(DecodedResponse { value, cost })
            })
            .await?;
        for task in &mut completed.value {
            clean_text(&mut task.message, &self.inner.redactor);
            clean_id(&mut task.id, &self.inner.redactor);
        }
        Ok(Posted::new(completed))
    }

    /// Returns the pages of a list, one call per page. Nothing is sent before
    /// [`Pages::next`] is called.
    pub fn pages<E: Paged>(&self, task: E::Task) -> Pages<E> {
        Pages::new(self.clone(), task)
    }

    /// Validates tasks and encodes them.
    fn request<E: TaskEndpoint>(
        &self,
        tasks: &[E::Task],
    ) -> Result<PendingRequest<'static>, Error> {
        if let Some(clock) = &self.inner.validation {
            let violations = all_violations::<E>(tasks, clock);
            if !violations.is_empty() {
                return Err(invalid(E::INFO, violations));
            }
        }
        let body = serde_json::to_vec(tasks)
            .map_err(|error| Error::new(E::INFO.id, ErrorKind::Body(error), None))?;
        Ok(PendingRequest {
            endpoint: E::INFO,
            path: E::INFO.path,
            body: Some(body.into()),
            estimate: self
                .estimate_of(E::INFO, tasks.iter().map(TaskFields::from))
                .amount,
        })
    }
}

//! Facts about the API as a whole, as constants.

use heck::ToShoutySnakeCase;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::docs;
use super::rust::ident;
use dataforseo_spec::language::Api;

/// The constants.
pub fn emit(api: &Api) -> TokenStream {
    let servers = api.servers.iter().map(|(name, server)| {
        let name = ident(&name.to_shouty_snake_case());
        let (doc, url) = (docs::attributes(&server.doc), &server.url);
        quote! {
            #doc
            pub const #name: &str = #url;
        }
    });
    let since = &api.rate_card.since;
    let calls = Literal::u32_unsuffixed(api.limits.calls_per_minute);
    let simultaneous = Literal::u32_unsuffixed(api.limits.simultaneous_calls);
    let timeout = Literal::u32_unsuffixed(api.limits.server_timeout_seconds);
    quote! {
        use std::time::Duration;

        #(#servers)*

        /// The most calls of an account per minute, to all endpoints together.
        pub const CALLS_PER_MINUTE: u32 = #calls;

        /// The most calls of an account that are in flight.
        pub const SIMULTANEOUS_CALLS: u32 = #simultaneous;

        /// The timeout of the server for a live call.
        pub const SERVER_TIMEOUT: Duration = Duration::from_secs(#timeout);

        /// The day of the rate card that the prices of endpoints are from, `yyyy-mm-dd`.
        pub const PRICES_SINCE: &str = #since;
    }
}

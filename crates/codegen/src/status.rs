//! The status codes.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::docs;
use super::rust::ident;
use dataforseo_spec::language::StatusCode;

/// The enum.
pub fn emit(codes: &[StatusCode]) -> TokenStream {
    let variants = codes.iter().map(|code| {
        let name = ident(&code.name);
        let doc = docs::attributes(&format!("{}: {}", code.code, code.doc));
        quote! {
            #doc
            #name
        }
    });
    let methods = methods(codes);
    quote! {
        use crate::status::status_code_impls;
        use crate::{RetryAdvice, StatusClass};

        /// The outcome of a call or of a task. Decide by the code, as the message can change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum StatusCode {
            #(#variants,)*
            /// A code that this version does not know.
            Other(u32),
        }

        #methods

        status_code_impls!(StatusCode);
    }
}

/// Returns the methods of the enum, most of them one `match`.
fn methods(codes: &[StatusCode]) -> TokenStream {
    let names: Vec<_> = codes.iter().map(|code| ident(&code.name)).collect();
    let numbers: Vec<_> = codes
        .iter()
        .map(|code| Literal::u32_unsuffixed(code.code))
        .collect();
    let classes = codes.iter().map(|code| ident(&format!("{:?}", code.class)));
    let repeats = codes
        .iter()
        .map(|code| ident(&format!("{:?}", code.repeat)));
    let messages: Vec<_> = codes.iter().map(|code| &code.message).collect();
    let http = codes.iter().filter_map(|code| {
        let (name, status) = (
            ident(&code.name),
            Literal::u16_unsuffixed(code.http_status?),
        );
        Some(quote!(Self::#name => #status))
    });
    quote! {
        impl StatusCode {
            /// All documented codes in ascending order.
            pub const ALL: &'static [Self] = &[#(Self::#names),*];

            /// Returns the code with this number.
            pub fn from_code(code: u32) -> Self {
                match code {
                    #(#numbers => Self::#names,)*
                    other => Self::Other(other),
                }
            }

            /// Returns the number.
            pub fn code(self) -> u32 {
                match self {
                    #(Self::#names => #numbers,)*
                    Self::Other(code) => code,
                }
            }

            /// Returns the class of the code.
            pub fn class(self) -> StatusClass {
                match self {
                    #(Self::#names => StatusClass::#classes,)*
                    Self::Other(_) => StatusClass::Unknown,
                }
            }

            /// Returns whether a retry of the same request can succeed.
            pub fn retry_advice(self) -> RetryAdvice {
                match self {
                    #(Self::#names => RetryAdvice::#repeats,)*
                    Self::Other(_) => RetryAdvice::Never,
                }
            }

            /// Returns the first sentence of the message of the API. Empty for an unknown code.
            pub fn message(self) -> &'static str {
                match self {
                    #(Self::#names => #messages,)*
                    Self::Other(_) => "",
                }
            }

            /// Returns the HTTP status of a response with this code.
            pub fn http_status(self) -> u16 {
                match self {
                    #(#http,)*
                    _ => 200,
                }
            }
        }
    }
}

//! Structs and open enums.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::{docs, ident};
use crate::model::{Enum, Field, Object, Section, Type, TypeDef};

/// The types that a section's endpoints share.
pub fn shared(section: &Section) -> TokenStream {
    let types = section.shared.iter().map(type_def);
    quote! {
        #[allow(unused_imports, reason = "one list serves all generated files")]
        use crate::prelude::*;

        #(#types)*
    }
}

/// One type.
pub fn type_def(ty: &TypeDef) -> TokenStream {
    match ty {
        TypeDef::Object(part) => object(part, &part.doc),
        TypeDef::Enum(open) => open_enum(open),
    }
}

/// A struct with its field table; one that is sent has a constructor and setters besides.
pub fn object(object: &Object, doc: &str) -> TokenStream {
    let name = ident(&object.name);
    let doc = docs::attributes(doc);
    let wires: Vec<&str> = object
        .fields
        .iter()
        .map(|field| field.wire.as_str())
        .collect();
    let idents: Vec<_> = object
        .fields
        .iter()
        .map(|field| ident(&field.ident))
        .collect();
    let fields = object.fields.iter().zip(&idents).map(|(field, ident)| {
        let doc = docs::attributes(&docs::field(field, object.sent));
        let ty = field_type(field);
        let deprecated = deprecated(field);
        quote! {
            #doc
            #deprecated
            pub #ident: #ty
        }
    });
    let reads = object
        .fields
        .iter()
        .zip(&idents)
        .enumerate()
        .map(|(index, (field, ident))| {
            let index = Literal::usize_unsuffixed(index);
            match field.required {
                true => quote!(#index => self.#ident = object::next(map)?.unwrap_or_default()),
                false => quote!(#index => self.#ident = object::next(map)?),
            }
        });
    let writes = object.fields.iter().zip(&idents).map(|(field, ident)| {
        let wire = &field.wire;
        match field.required {
            true => quote!(object::put_required(map, #wire, &self.#ident)?;),
            false => quote!(object::put(map, #wire, &self.#ident)?;),
        }
    });
    let allow = allow_deprecated(object);
    let builder = object.sent.then(|| builder(object));
    let sent = object.sent.then(|| quote!(sent));
    quote! {
        #doc
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields),*
        }

        #allow
        impl Object for #name {
            const FIELDS: &'static [&'static str] = &[#(#wires),*];

            fn read<'de, A: MapAccess<'de>>(&mut self, field: usize, map: &mut A) -> Result<(), A::Error> {
                match field {
                    #(#reads,)*
                    _ => object::skip(map)?,
                }
                Ok(())
            }

            fn write<S: SerializeMap>(&self, map: &mut S) -> Result<(), S::Error> {
                #(#writes)*
                Ok(())
            }
        }

        object_impls!(#sent #name);

        #builder
    }
}

fn deprecated(field: &Field) -> Option<TokenStream> {
    let note = field.spec.deprecated.as_ref()?;
    Some(quote!(#[deprecated(note = #note)]))
}

/// Generated code goes on reading and writing what nobody else should use any more.
fn allow_deprecated(object: &Object) -> Option<TokenStream> {
    let any = object
        .fields
        .iter()
        .any(|field| field.spec.deprecated.is_some());
    any.then(|| quote!(#[allow(deprecated)]))
}

/// `new` with what is required, and a setter each of the rest.
fn builder(object: &Object) -> TokenStream {
    let name = ident(&object.name);
    let (required, optional): (Vec<&Field>, Vec<&Field>) =
        object.fields.iter().partition(|field| field.required);
    let parameters = required.iter().map(|field| {
        let (ident, ty) = (ident(&field.ident), parameter(&field.ty));
        quote!(#ident: #ty)
    });
    let values = required.iter().map(|field| {
        let name = ident(&field.ident);
        let value = argument(&field.ty, &quote!(#name));
        match name == value.to_string() {
            true => quote!(#name),
            false => quote!(#name: #value),
        }
    });
    let setters = optional.iter().map(|field| {
        let name = ident(&field.ident);
        let doc = docs::attributes(&docs::field(field, true));
        let deprecated = deprecated(field);
        let (ty, value) = (parameter(&field.ty), argument(&field.ty, &quote!(value)));
        quote! {
            #doc
            #deprecated
            #[must_use]
            pub fn #name(mut self, value: #ty) -> Self {
                self.#name = Some(#value);
                self
            }
        }
    });
    let rest = (!optional.is_empty()).then(|| quote!(, ..Self::default()));
    let new = match required.as_slice() {
        [] => quote! {
            /// Leaves everything to the API's defaults.
            pub fn new() -> Self {
                Self::default()
            }
        },
        _ => quote! {
            /// Takes what is required; everything else is left to the API's defaults.
            pub fn new(#(#parameters),*) -> Self {
                Self { #(#values),* #rest }
            }
        },
    };
    let allow = allow_deprecated(object);
    quote! {
        #allow
        impl #name {
            #new

            #(#setters)*
        }
    }
}

/// The type of a setter's parameter: whatever is at hand where the value is made.
fn parameter(ty: &Type) -> TokenStream {
    match ty {
        Type::String => quote!(impl Into<String>),
        Type::List(of) if **of == Type::String => {
            quote!(impl IntoIterator<Item = impl Into<String>>)
        }
        other => rust_type(other),
    }
}

fn argument(ty: &Type, value: &TokenStream) -> TokenStream {
    match ty {
        Type::String => quote!(#value.into()),
        Type::List(of) if **of == Type::String => {
            quote!(#value.into_iter().map(Into::into).collect())
        }
        _ => value.clone(),
    }
}

fn open_enum(open: &Enum) -> TokenStream {
    let name = ident(&open.name);
    let doc = docs::attributes(&open.doc);
    let variants = open.variants.iter().map(|variant| {
        let name = ident(&variant.name);
        let meaning = variant
            .doc
            .clone()
            .unwrap_or_else(|| format!("`{}`", variant.wire));
        let doc = docs::attributes(&meaning);
        quote! {
            #doc
            #name
        }
    });
    let table = open.variants.iter().map(|variant| {
        let (name, wire) = (ident(&variant.name), &variant.wire);
        quote!(#name = #wire)
    });
    quote! {
        #doc
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// A value that this version does not know.
            Other(String),
        }

        open_enum_impls!(#name { #(#table),* });
    }
}

/// The type of a struct's field.
pub fn field_type(field: &Field) -> TokenStream {
    let ty = rust_type(&field.ty);
    match field.required {
        true => ty,
        false => quote!(Option<#ty>),
    }
}

/// A type in Rust.
pub fn rust_type(ty: &Type) -> TokenStream {
    match ty {
        Type::String => quote!(String),
        Type::Integer => quote!(i64),
        Type::Float => quote!(f64),
        Type::Boolean => quote!(bool),
        Type::Date => quote!(Date),
        Type::Timestamp => quote!(Timestamp),
        Type::Json => quote!(Value),
        Type::List(of) => {
            let of = rust_type(of);
            quote!(Vec<#of>)
        }
        Type::Map(of) => {
            let of = rust_type(of);
            quote!(Map<#of>)
        }
        Type::Object(name) | Type::Enum(name) => {
            let name = ident(name);
            quote!(#name)
        }
    }
}

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
        TypeDef::Object(part) => object(part, &part.doc, false),
        TypeDef::Enum(open) => open_enum(open),
    }
}

/// A struct with its field table.
pub fn object(object: &Object, doc: &str, task: bool) -> TokenStream {
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
        let doc = docs::attributes(&docs::field(field, task));
        let ty = field_type(field);
        let deprecated = field
            .spec
            .deprecated
            .iter()
            .map(|note| quote!(#[deprecated(note = #note)]));
        quote! {
            #doc
            #(#deprecated)*
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
    quote! {
        #doc
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields),*
        }

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

        object_impls!(#name);
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

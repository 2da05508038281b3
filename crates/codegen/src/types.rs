//! Structs and open enums.

use indexmap::IndexMap;
use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::rust::ident;
use super::{docs, schema};
use dataforseo_spec::Payload;
use dataforseo_spec::language::Rows;
use dataforseo_spec::model::{Enum, Field, Object, Type, TypeDef, Union};
use dataforseo_spec::names;

/// A file of shared types.
pub struct SharedFile<'a> {
    /// The types of the file.
    pub types: &'a [TypeDef],
    /// All types that are visible in the folder.
    pub known: &'a [&'a TypeDef],
    /// The types of the file that are results of endpoints.
    pub results: &'a [&'a Object],
    /// Returns whether the result with a name is itself a row.
    pub is_row: &'a dyn Fn(&str) -> bool,
    /// The names from other files.
    pub imports: TokenStream,
    /// The path from the file to the folder of its schemas.
    pub schemas: String,
}

/// Emits a file of shared types.
pub fn shared(file: &SharedFile<'_>) -> TokenStream {
    let types = file.types.iter().map(|ty| type_def(ty, file.known));
    let at = |object: &Object| match (file.is_row)(&object.name) {
        true => Rows::WHOLE_RESULT,
        false => "items",
    };
    let items = file.results.iter().map(|object| items(object, at(object)));
    let schemas = file.results.iter().map(|object| {
        let file = format!("{}/{}", file.schemas, schema::shared_file(object));
        let name = ident(&object.name);
        quote! {
            #[cfg(feature = "schemars")]
            crate::schema::embedded_schema!(#name, #file);
        }
    });
    let imports = &file.imports;
    quote! {
        #imports
        #[allow(unused_imports, reason = "the spec decides which of these are used")]
        use crate::prelude::*;

        #(#types)*
        #(#items)*
        #(#schemas)*
    }
}

/// Emits one type. `known` contains the members of unions.
pub fn type_def(ty: &TypeDef, known: &[&TypeDef]) -> TokenStream {
    match ty {
        TypeDef::Object(part) => object(part, &part.doc),
        TypeDef::Enum(open) => open_enum(open),
        TypeDef::Union(members) => {
            let constructors = members.sent.then(|| constructors(members, known));
            let (union, fields) = (union(members), union_fields(members, known));
            quote!(#union #constructors #fields)
        }
    }
}

/// The methods of a result that return its items, if the field is a list.
pub fn items(result: &Object, at: &str) -> Option<TokenStream> {
    if at == Rows::WHOLE_RESULT {
        let name = ident(&result.name);
        return Some(quote!(single_item!(#name);));
    }
    let field = result.fields.iter().find(|field| field.wire == at)?;
    let Type::List(of) = &field.ty else {
        return None;
    };
    let (name, field, item) = (ident(&result.name), ident(&field.ident), rust_type(of));
    Some(quote!(items!(#name { #field: #item });))
}

/// Methods of a union for the fields that many members share.
fn union_fields(union: &Union, known: &[&TypeDef]) -> Option<TokenStream> {
    let objects: Vec<&Object> = union
        .members
        .iter()
        .filter_map(|member| find_object(known, &member.object))
        .collect();
    let mut shared: IndexMap<&str, Vec<&Field>> = IndexMap::new();
    for field in objects.iter().flat_map(|object| &object.fields) {
        shared.entry(&field.wire).or_default().push(field);
    }
    let methods: Vec<TokenStream> = shared
        .values()
        .filter(|fields| is_shared(fields, objects.len()))
        .filter_map(|fields| union_field(fields))
        .collect();
    let name = ident(&union.name);
    (!methods.is_empty()).then(|| {
        quote! {
            impl #name {
                #(#methods)*
            }
        }
    })
}

fn find_object<'a>(known: &[&'a TypeDef], name: &str) -> Option<&'a Object> {
    known.iter().find_map(|ty| match ty {
        TypeDef::Object(object) if object.name == name => Some(object),
        _ => None,
    })
}

/// Whether at least a quarter of the members have a field, and all of them with the same type.
fn is_shared(fields: &[&Field], members: usize) -> bool {
    let same_type = fields.windows(2).all(|pair| pair[0].ty == pair[1].ty);
    let alone = members > 1 && fields.len() == 1;
    same_type && !alone && fields.len() * 4 >= members
}

/// The method for a shared field, if its value is a number, a text or a boolean.
/// It is deprecated if the field is deprecated in each member.
fn union_field(fields: &[&Field]) -> Option<TokenStream> {
    let current = fields
        .iter()
        .find(|field| docs::deprecation(&field.spec).is_none());
    let field = current.or(fields.first())?;
    let (ty, read) = match &field.ty {
        Type::Integer => (quote!(i64), quote!(integer)),
        Type::Float => (quote!(f64), quote!(float)),
        Type::Boolean => (quote!(bool), quote!(boolean)),
        Type::String | Type::Enum(_) | Type::Timestamp => (quote!(&str), quote!(text)),
        _ => return None,
    };
    let (name, wire) = (ident(&field.ident), &field.wire);
    let (doc, deprecated) = (
        docs::attributes(&docs::union_field(field)),
        deprecated(field),
    );
    Some(quote! {
        #doc
        #deprecated
        pub fn #name(&self) -> Option<#ty> {
            union::#read(self, #wire)
        }
    })
}

/// An enum with one variant per member, and one for objects that are not documented.
fn union(union: &Union) -> TokenStream {
    let name = ident(&union.name);
    let doc = docs::attributes(&match &union.tag {
        Some(tag) => format!("{}\n\nThe field `{tag}` names the member.", union.doc),
        None => format!(
            "{}\n\nA required field of each member identifies it.",
            union.doc
        ),
    });
    let tag = union.tag.as_deref().unwrap_or_default();
    let keys: Vec<&String> = union
        .members
        .iter()
        .filter_map(|it| it.key.as_ref())
        .collect();
    let keys = (!keys.is_empty()).then(|| {
        quote! {
            const KEYS: &'static [&'static str] = &[#(#keys),*];
        }
    });
    let members = || {
        let members = union.members.iter().enumerate();
        members.map(|(index, member)| {
            let index = Literal::usize_unsuffixed(index);
            (index, ident(&member.name), member)
        })
    };
    let wires = union.members.iter().map(|member| &member.wire);
    let variants = members().map(|(_, variant, member)| {
        let (doc, object) = (docs::attributes(&member.doc), ident(&member.object));
        quote! {
            #doc
            #variant(Box<#object>)
        }
    });
    let empties =
        members().map(|(index, variant, _)| quote!(#index => Self::#variant(Box::default())));
    let shared = members().map(
        |(index, variant, _)| quote!(Self::#variant(member) => Some((#index, member.as_ref()))),
    );
    let exclusive =
        members().map(|(_, variant, _)| quote!(Self::#variant(member) => Some(member.as_mut())));
    quote! {
        #doc
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum #name {
            #(#variants,)*
            /// An object that is not a documented member, unchanged.
            Other(Value),
        }

        impl Union for #name {
            const TAG: &'static str = #tag;
            const MEMBERS: &'static [&'static str] = &[#(#wires),*];
            #keys

            fn empty(member: usize) -> Option<Self> {
                Some(match member {
                    #(#empties,)*
                    _ => return None,
                })
            }

            fn other(object: Value) -> Self {
                Self::Other(object)
            }

            fn as_other(&self) -> Option<&Value> {
                match self {
                    Self::Other(object) => Some(object),
                    _ => None,
                }
            }

            fn member(&self) -> Option<(usize, &dyn Object)> {
                match self {
                    #(#shared,)*
                    Self::Other(_) => None,
                }
            }

            fn member_mut(&mut self) -> Option<&mut dyn Object> {
                match self {
                    #(#exclusive,)*
                    Self::Other(_) => None,
                }
            }
        }

        union_impls!(#name);
    }
}

/// The constructors of a union that is sent: one per member, with its required fields, and a
/// conversion from each member.
fn constructors(union: &Union, known: &[&TypeDef]) -> TokenStream {
    let name = ident(&union.name);
    let members = union.members.iter().filter_map(|member| {
        let object = find_object(known, &member.object)?;
        let constructor = ident(&names::field_name(&member.wire)?);
        let (variant, ty) = (ident(&member.name), ident(&member.object));
        let required = || object.fields.iter().filter(|field| field.required);
        let parameters = required().map(|field| {
            let (ident, ty) = (ident(&field.ident), parameter(&field.ty));
            quote!(#ident: #ty)
        });
        let arguments = required().map(|field| ident(&field.ident));
        let doc = docs::attributes(&format!(
            "Returns the member `{}` with its required fields. [`{}`] has setters for the others.",
            member.wire, member.object
        ));
        let constructor = quote! {
            #doc
            pub fn #constructor(#(#parameters),*) -> Self {
                #ty::new(#(#arguments),*).into()
            }
        };
        let conversion = quote! {
            impl From<#ty> for #name {
                fn from(member: #ty) -> Self {
                    Self::#variant(Box::new(member))
                }
            }
        };
        Some((constructor, conversion))
    });
    let (constructors, conversions): (Vec<_>, Vec<_>) = members.unzip();
    quote! {
        impl #name {
            #(#constructors)*
        }

        #(#conversions)*
    }
}

/// A struct with its field table. A type that is sent also has a constructor and setters.
pub fn object(object: &Object, doc: &str) -> TokenStream {
    let name = ident(&object.name);
    let doc = docs::attributes(doc);
    let idents: Vec<_> = object
        .fields
        .iter()
        .map(|field| ident(&field.ident))
        .collect();
    let payload = if object.sent {
        Payload::Task
    } else {
        Payload::Result
    };
    let fields = object.fields.iter().zip(&idents).map(|(field, ident)| {
        let doc = docs::attributes(&docs::field(field, payload));
        let ty = field_type(field);
        let deprecated = deprecated(field);
        quote! {
            #doc
            #deprecated
            pub #ident: #ty
        }
    });
    let table = object.fields.iter().zip(&idents).map(|(field, ident)| {
        let wire = (*ident != field.wire).then(|| {
            let wire = &field.wire;
            quote!(= #wire)
        });
        quote!(#ident #wire)
    });
    let builder = object.sent.then(|| builder(object));
    let sent = object.sent.then(|| quote!(sent));
    quote! {
        #doc
        #[derive(Debug, Clone, Default, PartialEq)]
        #[non_exhaustive]
        pub struct #name {
            #(#fields),*
        }

        object!(#sent #name { #(#table),* });

        #builder
    }
}

fn deprecated(field: &Field) -> Option<TokenStream> {
    let note = docs::deprecation(&field.spec)?;
    Some(quote!(#[deprecated(note = #note)]))
}

/// Generated code reads and writes deprecated fields.
fn allow_deprecated(object: &Object) -> Option<TokenStream> {
    let any = object
        .fields
        .iter()
        .any(|field| docs::deprecation(&field.spec).is_some());
    any.then(|| quote!(#[allow(deprecated)]))
}

/// `new` with the required fields, and a setter per other field.
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
        if name == value.to_string() {
            quote!(#name)
        } else {
            quote!(#name: #value)
        }
    });
    let setters = optional.iter().map(|field| {
        let name = ident(&field.ident);
        let doc = docs::attributes(&docs::setter(field));
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
            /// Returns a value with the defaults of the API.
            pub fn new() -> Self {
                Self::default()
            }
        },
        _ => quote! {
            /// Returns a value with the required fields. All other fields have the defaults of the API.
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

/// The type of the parameter of a setter, which converts common types.
fn parameter(ty: &Type) -> TokenStream {
    match ty {
        Type::String => quote!(impl Into<String>),
        Type::List(of) | Type::Numbered(of) if **of == Type::String => {
            quote!(impl IntoIterator<Item = impl Into<String>>)
        }
        Type::List(of) => {
            let of = rust_type(of);
            quote!(impl IntoIterator<Item = #of>)
        }
        Type::Timestamp => quote!(impl Into<Timestamp>),
        other => rust_type(other),
    }
}

fn argument(ty: &Type, value: &TokenStream) -> TokenStream {
    match ty {
        Type::String | Type::Timestamp => quote!(#value.into()),
        Type::List(of) if **of == Type::String => {
            quote!(#value.into_iter().map(Into::into).collect())
        }
        Type::List(_) | Type::Numbered(_) => quote!(#value.into_iter().collect()),
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

/// Returns the type of a struct's field.
pub fn field_type(field: &Field) -> TokenStream {
    let ty = rust_type(&field.ty);
    if field.required {
        ty
    } else {
        quote!(Option<#ty>)
    }
}

/// Returns a type in Rust.
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
        Type::Object(name) | Type::Enum(name) | Type::Union(name) => {
            let name = ident(name);
            quote!(#name)
        }
        Type::Numbered(of) => {
            let of = rust_type(of);
            quote!(Numbered<#of>)
        }
        Type::Filters(endpoint) => {
            let endpoint = ident(endpoint);
            quote!(Filter<#endpoint>)
        }
        Type::Order(endpoint) => {
            let endpoint = ident(endpoint);
            quote!(Order<#endpoint>)
        }
    }
}

//! Results with a list of items.

/// A result with a list of items. Generated types implement it.
///
/// Each such result has methods of the same names, so that the trait is needed by generic code
/// only.
///
/// ```
/// use dataforseo_models::HasItems;
/// use dataforseo_models::backlinks::BulkRanksLiveResult;
///
/// fn count<R: HasItems>(results: &[R]) -> usize {
///     results.iter().map(|result| result.items().len()).sum()
/// }
///
/// let result: BulkRanksLiveResult = serde_json::from_str(r#"{"items": [{"rank": 7}]}"#)?;
/// assert_eq!(count(&[result, BulkRanksLiveResult::default()]), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub trait HasItems {
    /// An item.
    type Item;

    /// Returns the items. Empty if the response has none. Null elements are left out.
    fn items(&self) -> &[Self::Item];

    /// Returns the items by value. Empty if the response has none.
    fn into_items(self) -> Vec<Self::Item>;
}

/// Implements [`HasItems`] for a result by the field that holds its items.
macro_rules! items {
    ($name:ident { $field:ident: $item:ty }) => {
        impl $name {
            /// Returns the items. Empty if the response has none. Null elements are left out.
            pub fn items(&self) -> &[$item] {
                self.$field.as_deref().unwrap_or_default()
            }

            /// Returns the items by value. Empty if the response has none.
            pub fn into_items(self) -> Vec<$item> {
                self.$field.unwrap_or_default()
            }
        }

        impl crate::endpoint::items::HasItems for $name {
            type Item = $item;

            fn items(&self) -> &[$item] {
                self.items()
            }

            fn into_items(self) -> Vec<$item> {
                self.into_items()
            }
        }
    };
}
pub(crate) use items;

/// Implements [`HasItems`] for a result that is itself an item.
#[allow(unused_macros, reason = "the spec decides whether results are items")]
macro_rules! single_item {
    ($name:ident) => {
        impl crate::endpoint::items::HasItems for $name {
            type Item = Self;

            fn items(&self) -> &[Self] {
                std::slice::from_ref(self)
            }

            fn into_items(self) -> Vec<Self> {
                vec![self]
            }
        }
    };
}
#[allow(unused_imports, reason = "the spec decides whether results are items")]
pub(crate) use single_item;

//! Enums that keep a value that is not documented.

/// Implements an open enum by its table of values.
macro_rules! open_enum_impls {
    ($name:ident { $($variant:ident = $wire:literal),* $(,)? }) => {
        impl $name {
            /// The documented values, as they are in JSON.
            pub const VALUES: &'static [&'static str] = &[$($wire),*];

            /// Returns the value as it is in JSON.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(value) => value,
                }
            }
        }

        /// The empty text, which is not valid in a task.
        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }

        impl From<String> for $name {
            fn from(value: String) -> Self {
                Self::from(value.as_str())
            }
        }

        impl From<&str> for $name {
            fn from(value: &str) -> Self {
                match value {
                    $($wire => Self::$variant,)*
                    _ => Self::Other(value.to_owned()),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(Self::from)
            }
        }

        impl crate::codec::lenient::FromLenientJson for $name {
            fn read(
                json: crate::codec::Json<'_>,
            ) -> Result<Option<Self>, crate::codec::Failed> {
                match json {
                    crate::codec::Json::Text(text) => {
                        let value = Self::from(text);
                        if let Self::Other(_) = value {
                            crate::codec::trace::note_carried(
                                crate::codec::trace::DriftKind::UnknownValue,
                            );
                        }
                        Ok(Some(value))
                    }
                    other => {
                        let value = <String as crate::codec::lenient::FromLenientJson>::read(other)?;
                        Ok(value.map(Self::from))
                    }
                }
            }
        }

        impl crate::codec::Encode for $name {
            fn encode(&self) -> Option<crate::codec::Fragment<'_>> {
                Some(crate::codec::Fragment::Text(self.as_str().into()))
            }
        }

        crate::codec::lenient::required_field!(() $name;);
    };
}
pub(crate) use open_enum_impls;

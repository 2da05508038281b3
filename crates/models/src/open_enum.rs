//! Enums that keep a value that nobody documented yet.

/// Everything an open enum is used for, out of its table of values.
macro_rules! open_enum_impls {
    ($name:ident { $($variant:ident = $wire:literal),* $(,)? }) => {
        impl $name {
            /// The documented values, as they stand in JSON.
            pub const VALUES: &'static [&'static str] = &[$($wire),*];

            /// The value as it stands in JSON.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $wire,)*
                    Self::Other(value) => value,
                }
            }
        }

        /// No value at all, which no task may have where it is required.
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

        impl crate::tolerant::Tolerant for $name {
            fn read(
                json: crate::json::Json<'_>,
            ) -> Result<Option<Self>, crate::json::Failed> {
                match json {
                    crate::json::Json::Text(text) => {
                        let value = Self::from(text);
                        if let Self::Other(_) = value {
                            crate::drift::note_carried(crate::drift::DriftKind::UnknownValue);
                        }
                        Ok(Some(value))
                    }
                    other => {
                        let value = <String as crate::tolerant::Tolerant>::read(other)?;
                        Ok(value.map(Self::from))
                    }
                }
            }
        }

        impl crate::json::Part for $name {
            fn shape(&self) -> Option<crate::json::Shape<'_>> {
                Some(crate::json::Shape::Text(self.as_str().into()))
            }
        }

        crate::tolerant::required_place!(() $name;);
    };
}
pub(crate) use open_enum_impls;

//! Closed vocabularies: enums whose every value has one word, in metrics, records and
//! configuration alike.

/// Defines an enum whose variants each have a word.
///
/// Besides the enum there are `ALL` (every variant, in the order written) and `as_label` (the word
/// of a variant). Attributes, further derives among them, are handed on.
///
/// ```
/// catalog::words! {
///     /// Where a lamp stands.
///     pub enum Lamp {
///         /// On the desk.
///         Desk = "desk",
///         /// Beside the bed.
///         BesideBed = "beside_bed",
///     }
/// }
/// assert_eq!(Lamp::ALL.map(Lamp::as_label), ["desk", "beside_bed"]);
/// ```
#[macro_export]
macro_rules! words {
    (
        $(#[$attribute:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$of:meta])* $variant:ident = $label:literal,)+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $visibility enum $name {
            $($(#[$of])* $variant,)+
        }

        impl $name {
            /// Every value, in the order of the documentation.
            $visibility const ALL: [Self; [$($label,)+].len()] = [$(Self::$variant,)+];

            /// The word of this value in metrics, records and configuration.
            $visibility const fn as_label(self) -> &'static str {
                match self { $(Self::$variant => $label,)+ }
            }
        }
    };
}

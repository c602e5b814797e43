//! An enum that knows all its values, so that tests can ask each language for each of them.

macro_rules! listed {
    ($(#[$what:meta])* $enum:ident: $($(#[$doc:meta])* $name:ident,)*) => {
        $(#[$what])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $enum {
            $($(#[$doc])* $name,)*
        }

        impl $enum {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

//! CSR check, certificate assembly, chain check, signed objects. Pure: a signature is passed in,
//! never made here.
//!
//! Each certificate is made in two steps: this room gives the bytes to be signed, whoever holds the
//! key signs them, and this room puts both together after it has verified the signature.

pub mod ceremony;
pub mod chain;
pub mod csr;
pub mod idevid;
pub mod issuing;
pub mod signed_object;
pub mod signer;
mod subject_name;
mod tbs;

#[cfg(test)]
mod tests;

pub use tbs::AssemblyError;

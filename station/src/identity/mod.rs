//! CSR check, certificate assembly, chain check. Pure: a signature is passed in, never made here.

pub mod signer;
